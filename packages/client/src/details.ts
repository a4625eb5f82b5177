import { z } from 'zod'

/** The API's details of a task. */
export interface TaskDetails {
  taskId: string
  /** From `successFlag`: 0 is generating, 1 and 4 are success, 2 and 3 are failure. */
  state: 'generating' | 'success' | 'failure'
  /** The provider's own value. 4 is a success whose callback could not be delivered. */
  successFlag: 0 | 1 | 2 | 3 | 4
  /** The http(s) URLs of a success; other values are left out. */
  resultUrls: string[]
  /** The request that started the task, as JSON text. A callback has it as `promptJson`. */
  promptJson: string | undefined
  createdAt: Date | undefined
  completedAt: Date | undefined
  /** Set for a failure. */
  errorCode: number | undefined
  /** Set for a failure. */
  errorMessage: string | undefined
}

/** True for a success without URLs: the API's record may be incomplete. */
export function isWithoutResult({ state, resultUrls }: TaskDetails): boolean {
  return state === 'success' && resultUrls.length === 0
}

const STATES = ['generating', 'success', 'failure', 'failure', 'success'] as const

/** Accepts invalid values in side fields, so that one of them cannot cost the user a paid result. */
const odd = <Type extends z.ZodType>(schema: Type) => schema.nullish().catch(undefined)
const time = odd(z.number()).transform((milliseconds) => (milliseconds == null ? undefined : new Date(milliseconds)))

/** The answer of `record-info`. */
export const detailsSchema: z.ZodType<TaskDetails> = z
  .object({
    taskId: z.string('is not a text'),
    successFlag: z.union(
      [z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)],
      'is none that is known',
    ),
    response: odd(z.object({ resultUrls: odd(z.array(z.unknown())) })),
    paramJson: odd(z.string()),
    createTime: time,
    completeTime: time,
    errorCode: odd(z.coerce.number()),
    errorMessage: odd(z.string()),
  })
  .transform(({ taskId, successFlag, response, paramJson, createTime, completeTime, errorCode, errorMessage }) => ({
    taskId,
    state: STATES[successFlag],
    successFlag,
    resultUrls: (response?.resultUrls ?? []).filter(
      (url) => typeof url === 'string' && /^https?:\/\//i.test(url),
    ) as string[],
    promptJson: paramJson ?? undefined,
    createdAt: createTime,
    completedAt: completeTime,
    errorCode: errorCode || undefined,
    errorMessage: errorMessage ?? undefined,
  }))
