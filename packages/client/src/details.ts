import { z } from 'zod'

/** What the API tells of a task. */
export interface TaskDetails {
  taskId: string
  /** By `successFlag`: 0 is generating, 1 and 4 are success, 2 and 3 failure. */
  state: 'generating' | 'success' | 'failure'
  /** The provider's own: 4 is a success whose callback could not be delivered. */
  successFlag: 0 | 1 | 2 | 3 | 4
  /** Of a success; what is no http(s) URL is left out. */
  resultUrls: string[]
  /** The request that started the task, as text; what a callback calls `promptJson`. */
  promptJson: string | undefined
  createdAt: Date | undefined
  completedAt: Date | undefined
  /** Of a failure. */
  errorCode: number | undefined
  /** Of a failure. */
  errorMessage: string | undefined
}

/** A success of which the API tells no URL: its record may not be complete yet. */
export function isWithoutResult({ state, resultUrls }: TaskDetails): boolean {
  return state === 'success' && resultUrls.length === 0
}

const STATES = ['generating', 'success', 'failure', 'failure', 'success'] as const

/** Side fields may be odd: a paid result must not be lost over one of them. */
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
