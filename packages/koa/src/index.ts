export { lumaCallback, type LumaMiddleware } from './middleware.ts'
export type { KoaContext } from './context.ts'
export * from '@luma-callback/core'
