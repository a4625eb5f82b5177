import { NoSecretError } from '../errors/errors.ts'
import type { LumaRequest } from '../request/request.ts'

/** One webhook key, or several while one is rotated out. */
export type Secrets = string | readonly string[]

/** Gives the webhook keys of the account that a request is meant for; `undefined` if there is none. */
export type SecretFunction = (request: LumaRequest) => Secrets | undefined | Promise<Secrets | undefined>

/** The option `secret`: the keys of the account, or a function that returns the keys for a request. */
export type Secret = Secrets | SecretFunction

/** Each key costs one HMAC for every request with a signature, also a stranger's, so their number has a limit. */
const MOST_SECRETS = 10

/** What is wrong with secrets, or undefined; never shows them. */
export function secretProblem(value: unknown): string | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) return 'must not be an empty list'
  if (list.length > MOST_SECRETS) return `must not hold more than ${MOST_SECRETS} secrets`
  for (const secret of list) {
    if (secret === undefined) return 'holds undefined; is an environment variable not set?'
    if (ArrayBuffer.isView(secret)) return 'holds bytes; give the key as text'
    if (typeof secret !== 'string') return 'must be a string, a list of strings, or a function'
    if (secret === '') return 'must not be empty; is an environment variable set to nothing?'
    // What a variable that is not set becomes in a template. Anybody can guess it.
    if (secret === 'undefined' || secret === 'null') return 'is the text "undefined" or "null"; is a variable not set?'
    if (secret !== secret.trim()) return 'has white space around it; was it copied with a line break?'
  }
  return undefined
}

export function toList(secrets: Secrets): readonly string[] {
  return typeof secrets === 'string' ? [secrets] : [...secrets]
}

/**
 * Asks a function of the user's for the secrets of a request.
 *
 * @throws NoSecretError (`ERR_LUMA_NO_SECRET`) if what it returns cannot be used.
 */
export async function secretsFrom(ask: SecretFunction, request: LumaRequest): Promise<readonly string[]> {
  const secrets = await ask(request)
  if (secrets === undefined) throw new NoSecretError('the "secret" function knows no secret for this request')
  const problem = secretProblem(secrets)
  if (problem) throw new NoSecretError(`what the "secret" function returned ${problem}`)
  return toList(secrets)
}

let hasWarned = false

/** Says once a process that anybody can make hooks run. */
export function warnUnverified(): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    'lumaCallback has neither "secret" nor "verify": callbacks are not verified, and whoever knows the address can send one',
    {
      code: 'LUMA_UNVERIFIED',
      detail: 'Switch on the webhook key of your account with the provider and give it as the option "secret".',
    },
  )
}
