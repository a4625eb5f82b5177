import { z } from 'zod'
import { InvalidCallbackError, OtherFamilyError } from '../errors/errors.ts'
import { otherFamily, otherTaskId } from './family.ts'
import { findTaskId } from './find-task-id.ts'
import { checkOutline, parseJson } from './json.ts'
import { taskIdProblem } from './task-id.ts'

/** The part of a callback without which there is none. */
export interface Envelope {
  taskId: string
  code: number
  content: EnvelopeContent
}

/** The whole body, parsed; of its fields only those in {@link Envelope} have been looked at. */
export interface EnvelopeContent {
  readonly msg?: unknown
  readonly data: { readonly promptJson?: unknown; readonly resultUrls?: unknown }
}

const taskIdSchema = z.string('must be a string').nullish()

const envelopeSchema = z.object(
  {
    code: z.int('must be an integer'),
    data: z.object({ taskId: taskIdSchema, task_id: taskIdSchema }, 'must be an object'),
  },
  'the body must be an object',
)

/** Reads what has to be right: an integer `code` and one task id. Throws as `parseCallback` does. */
export function readEnvelope(raw: string): Envelope {
  const content = readJson(raw)
  // Before the schema: some of the other APIs send no `data`, or no `code`.
  const family = otherFamily(content)
  if (family) throw new OtherFamilyError(family, otherTaskId(content))
  const { success, data: envelope, error } = envelopeSchema.safeParse(content)
  if (!success) throw invalid(firstIssue(error))
  const { taskId, task_id: otherId } = envelope.data
  if (taskId != null && otherId != null && taskId !== otherId) {
    throw invalid('data.taskId and data.task_id differ; which of them is meant cannot be told')
  }
  const id = taskId ?? otherId
  const problem = id == null ? 'is missing' : taskIdProblem(id)
  if (id == null || problem !== undefined) throw invalid(`data.taskId ${problem}`)
  return { taskId: id, code: envelope.code, content: content as EnvelopeContent }
}

/** Characters. A shorter body without a usable task id is parsed to name its fault, which takes 4 ms at most. */
const LONGEST_WITHOUT_ID = 16 * 1024

/**
 * The task id whose signature has to be checked before {@link readEnvelope} may spend time on the body.
 *
 * @throws InvalidCallbackError, OtherFamilyError as `parseCallback` does, for a body that names no usable task id.
 */
export function readTaskId(raw: string): string {
  const id = findTaskId(raw)
  if (id !== undefined && taskIdProblem(id) === undefined) return id
  if (raw.length > LONGEST_WITHOUT_ID) {
    readJson(raw, checkOutline)
    throw invalid('the body names no task id of 1 to 256 bytes, so its signature cannot be checked')
  }
  return readEnvelope(raw).taskId
}

/** Told as one error, whatever reads the text. */
function readJson(raw: string, read: (text: string) => unknown = parseJson): unknown {
  if (raw.trim() === '') throw new InvalidCallbackError('json', 'the body is empty')
  try {
    return read(raw)
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it cannot be read'
    throw new InvalidCallbackError('json', `the body is not JSON: ${withoutExcerpt(why)}`, { cause: error })
  }
}

/** V8 quotes the text in its messages; a stranger's text has no place in an answer or a log. */
function withoutExcerpt(message: string): string {
  return message.replace(/,? (?:\.\.\.)?".*$/su, '')
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues
  if (!issue) return 'the body is not a callback'
  return [issue.path.join('.'), issue.message].filter(Boolean).join(' ')
}

function invalid(message: string): InvalidCallbackError {
  return new InvalidCallbackError('callback', message)
}
