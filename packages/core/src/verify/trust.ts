import type { LumaCallback } from '../callback/parse.ts'
import type { LumaErrorCode } from '../errors/codes.ts'
import { StoreUnavailableError } from '../errors/errors.ts'
import type { DurableInbox, Inbox, InboxEntry } from '../inbox/contract.ts'

const UNBORNE: readonly (string | undefined)[] = ['ERR_LUMA_FORGED', 'ERR_LUMA_UNCONFIRMED'] satisfies LumaErrorCode[]
/** How the text of such a failure begins. Older releases kept no code beside it. */
const UNBORNE_TEXT = /^(?:Forged|Unconfirmed)Error: /

/** Whether a callback ended because nobody bore it out, so that a later one of its key may be the true one. */
export function isUnborne({
  state,
  failureCode,
  lastError = '',
}: Partial<Pick<InboxEntry, 'state' | 'failureCode' | 'lastError'>>): boolean {
  if (state !== 'dead') return false
  return failureCode === undefined ? UNBORNE_TEXT.test(lastError) : UNBORNE.includes(failureCode)
}

/**
 * Whoever sends a forged callback before the true one takes its key, and the true one is a conflict. So it gives the key
 * another run: then the true content is asked for anyway.
 */
export async function reviveUnborne(
  inbox: Inbox | undefined,
  { key, taskId }: Pick<LumaCallback, 'key' | 'taskId'>,
): Promise<void> {
  const durable = inbox as Partial<DurableInbox> | undefined
  if (!durable?.requeue || !durable.get) return
  try {
    const entry = await durable.get(key)
    if (entry && isUnborne(entry)) await durable.requeue(key)
  } catch (cause) {
    throw new StoreUnavailableError(`task ${taskId} could not be given another run`, { cause })
  }
}

/** Whether a callback's hook failed for good, or somebody could not bear it out. */
export async function isDead(
  inbox: Inbox | undefined,
  { key, taskId }: Pick<LumaCallback, 'key' | 'taskId'>,
): Promise<boolean> {
  try {
    return (await inbox?.get?.(key))?.state === 'dead'
  } catch (cause) {
    throw new StoreUnavailableError(`nobody could tell what became of task ${taskId}`, { cause })
  }
}
