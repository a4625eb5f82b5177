import type { Check } from '../check.ts'
import { answerChecks } from './answers.ts'
import { bodyChecks } from './bodies.ts'
import { callbackChecks } from './callbacks.ts'
import { connectionChecks } from './connections.ts'
import { duplicateChecks } from './duplicates.ts'
import { fieldChecks } from './fields.ts'
import { requestChecks } from './requests.ts'
import { signatureChecks } from './signatures.ts'

/** Every check, in the order in which they run: what says most about an endpoint first, what looks back last. */
export const CHECKS: readonly Check[] = [
  ...callbackChecks,
  ...duplicateChecks,
  ...requestChecks,
  ...bodyChecks,
  ...fieldChecks,
  ...signatureChecks,
  ...connectionChecks,
  ...answerChecks,
]
