export { saveResults } from './save-results.ts'
export { saveUrl, type Saved, type SaveUrlOptions } from './save-url.ts'
export type { SaveOptions } from './options.ts'
export type { OnProgress, Progress } from './progress.ts'
export type { Timeouts } from './request.ts'

// Elsewhere than into a directory
export type { Sink, SinkFound, SinkMeta } from './sink.ts'
export { s3Sink, type S3ClientLike, type S3SinkOptions } from './s3.ts'

// Errors
export { DownloadError, type DownloadErrorCode, type DownloadErrorOptions } from './errors.ts'

// What is public
export { isPublicAddress } from './addresses.ts'
