import type { Check } from '../check.ts'
import { answerChecks } from './answers.ts'
import { bodyChecks } from './bodies.ts'
import { callbackChecks } from './callbacks.ts'
import { connectionChecks } from './connections.ts'
import { duplicateChecks } from './duplicates.ts'
import { fieldChecks } from './fields.ts'
import { requestChecks } from './requests.ts'
import { signatureChecks } from './signatures.ts'

/** All checks in the order of their runs: the most important first, those that look at earlier answers last. */
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
