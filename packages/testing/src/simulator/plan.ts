import { drawLots } from './lots.ts'
import type { Settings } from './options.ts'

/** How the body of a delivery is sent. */
export type Manner = 'whole' | 'slow' | 'cut'

/** Everything that chance decides about a task, decided when it is submitted. */
export interface Plan {
  taskId: string
  generationTime: number
  outcome: 'success' | 'creation failed' | 'generation failed'
  isDuplicated: boolean
  contradiction: 'none' | 'outcome' | 'resultUrls'
  isHeldBack: boolean
  files: {
    /** Of the result's URL. */
    name: string
    /** Of the URL that only a contradiction has. */
    otherName: string
    isUrlExpired: boolean
    isGone: boolean
    isTruncated: boolean
  }
  /** Of the delivery of this number, counted from 1. */
  manner: (attempt: number) => Manner
}

/** The plan of the task of this number, counted from 1 in the order of submission. */
export function planTask(settings: Settings, number: number): Plan {
  const lots = drawLots(settings.seed, `task ${number}`)
  const [least, most] = settings.generationTime
  const isFailure = lots.falls('failure', settings.failures)
  // The provider tells tasks that failed at once from such that failed later; how they are spread is not known.
  const failure = lots.falls('stage of the failure', 0.25) ? 'creation failed' : 'generation failed'
  const contradiction = isFailure || lots.falls('kind of contradiction', 0.5) ? 'outcome' : 'resultUrls'
  return {
    taskId: lots.hex('task id'),
    generationTime: lots.between('generation time', least, most),
    outcome: isFailure ? failure : 'success',
    isDuplicated: lots.falls('duplicate', settings.duplicates),
    contradiction: lots.falls('contradiction', settings.contradictions) ? contradiction : 'none',
    isHeldBack: lots.falls('out of order', settings.outOfOrder),
    files: {
      name: toUuid(lots.hex('file')),
      otherName: toUuid(lots.hex('other file')),
      isUrlExpired: lots.falls('expired URL', settings.expiredUrls),
      isGone: lots.falls('expired file', settings.expiredFiles),
      isTruncated: lots.falls('truncated file', settings.truncatedFiles),
    },
    manner(attempt) {
      if (lots.falls(`cut body ${attempt}`, settings.cutBodies)) return 'cut'
      return lots.falls(`slow body ${attempt}`, settings.slowBodies) ? 'slow' : 'whole'
    },
  }
}

/** In the look of the provider's file names, a UUID of version 4. */
function toUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5')
}
