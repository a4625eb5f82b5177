// `@luma-callback/core/adapter`: what authors of adapters need besides `createHandler`.

export { toOptions } from '../options/options.ts'
export { createMount, type Mount, type Place } from '../mount/mount.ts'
export { pathOf } from '../request/path.ts'
