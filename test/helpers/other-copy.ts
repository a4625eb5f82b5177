import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Core from '@luma-callback/core'
import { ROOT } from './child.ts'

/** Another copy of core, with classes of its own: its CommonJS build, where the tests run the sources. */
export const otherCore = createRequire(import.meta.url)(join(ROOT, 'packages/core/cjs/index.js')) as typeof Core
