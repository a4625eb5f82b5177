import { seeded } from './seeded.ts'
import type { SimulatorSettings } from './options.ts'

/** How the body of a delivery is sent. */
export type Manner = 'whole' | 'slow' | 'cut'

/** All random decisions about a task. They are made when the task is submitted. */
export interface Plan {
  taskId: string
  generationTime: number
  outcome: 'success' | 'creation failed' | 'generation failed'
  isDuplicated: boolean
  contradiction: 'none' | 'outcome' | 'resultUrls'
  isHeldBack: boolean
  files: {
    /** The name in the result's URL. */
    name: string
    /** The name in the URL that only a contradiction has. */
    otherName: string
    isUrlExpired: boolean
    isGone: boolean
    isTruncated: boolean
  }
  /** How the delivery of this number, counted from 1, is sent. */
  manner: (attempt: number) => Manner
}

/** The plan of the task of this number, counted from 1 in the order of submission. */
export function planTask(settings: SimulatorSettings, number: number): Plan {
  const random = seeded(settings.seed, `task ${number}`)
  const [least, most] = settings.generationTime
  const isFailure = random.chance('failure', settings.failures)
  // The provider has separate codes for tasks that fail at once and tasks that fail later. Their real shares are unknown.
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

/** The provider's file names are UUIDs of version 4. */
function toUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5')
}
