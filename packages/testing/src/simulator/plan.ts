import { seeded } from './seeded.ts'
import type { SimulatorSettings } from './options.ts'

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
export function planTask(settings: SimulatorSettings, number: number): Plan {
  const random = seeded(settings.seed, `task ${number}`)
  const [least, most] = settings.generationTime
  const isFailure = random.chance('failure', settings.failures)
  // The provider tells tasks that failed at once from such that failed later; how they are spread is not known.
  const failure = random.chance('stage of the failure', 0.25) ? 'creation failed' : 'generation failed'
  const contradiction = isFailure || random.chance('kind of contradiction', 0.5) ? 'outcome' : 'resultUrls'
  return {
    taskId: random.hex('task id'),
    generationTime: random.between('generation time', least, most),
    outcome: isFailure ? failure : 'success',
    isDuplicated: random.chance('duplicate', settings.duplicates),
    contradiction: random.chance('contradiction', settings.contradictions) ? contradiction : 'none',
    isHeldBack: random.chance('out of order', settings.outOfOrder),
    files: {
      name: toUuid(random.hex('file')),
      otherName: toUuid(random.hex('other file')),
      isUrlExpired: random.chance('expired URL', settings.expiredUrls),
      isGone: random.chance('expired file', settings.expiredFiles),
      isTruncated: random.chance('truncated file', settings.truncatedFiles),
    },
    manner(attempt) {
      if (random.chance(`cut body ${attempt}`, settings.cutBodies)) return 'cut'
      return random.chance(`slow body ${attempt}`, settings.slowBodies) ? 'slow' : 'whole'
    },
  }
}

/** In the look of the provider's file names, a UUID of version 4. */
function toUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5')
}
