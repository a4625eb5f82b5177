import { createClient, type LumaClient } from '@luma-callback/client'
import { isLumaError } from '@luma-callback/core'
import { Option, type Command } from 'commander'
import { toUrl } from './parse-values.ts'
import { Failure } from './failure.ts'

export interface ApiOptions {
  apiKey?: string
  api: string
}

/** Adds the options for the API and its key. */
export function addApiOptions(command: Command): Command {
  return command
    .addOption(new Option('--api-key <key>', 'the API key of the account').env('LUMA_API_KEY'))
    .addOption(
      new Option('--api <url>', 'the API, or a simulator of it')
        .env('LUMA_API_URL')
        .argParser(toUrl)
        .default('https://api.kie.ai'),
    )
}

export function clientFor({ apiKey, api }: ApiOptions): LumaClient {
  if (apiKey === undefined || apiKey === '') {
    const hint = 'give it as LUMA_API_KEY; the simulator takes simulator-key'
    throw new Failure('there is no API key', { exitCode: 2, hint })
  }
  return createClient({ apiKey, baseUrl: api })
}

const HINTS: Readonly<Record<string, string>> = {
  ERR_LUMA_API_UNAUTHORIZED: 'is LUMA_API_KEY the key of this account, and --api the API that it is for?',
  ERR_LUMA_API_CONNECTION: 'is --api the right address?',
}

/** Turns an error of the API into a message with a hint. */
export async function explained<Result>(asking: Promise<Result>): Promise<Result> {
  try {
    return await asking
  } catch (error) {
    if (!(isLumaError(error) && 'mayHaveActed' in error)) throw error
    const hint = HINTS[error.code]
    const isAnswer = error.status !== undefined && error.status < 500
    throw new Failure(error.message, { exitCode: isAnswer ? 1 : 2, ...(hint !== undefined && { hint }) })
  }
}
