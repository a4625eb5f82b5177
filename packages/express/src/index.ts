export { lumaCallback, type LumaMiddleware } from './middleware.ts'
export type { ExpressRequest } from './request.ts'
export * from '@luma-callback/core'
