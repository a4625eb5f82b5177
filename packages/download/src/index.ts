// Saving results
export { saveResults } from './save/save-results.ts'
export { saveUrl, type Saved, type SaveUrlOptions } from './save/save-url.ts'
export type { SaveOptions } from './save/options.ts'
export type { OnProgress, Progress } from './save/progress.ts'
export type { Timeouts } from './request/request.ts'

// Sinks
export type { Sink, SinkFound, SinkMeta } from './target/sink.ts'
export { s3Sink, type S3ClientLike, type S3SinkOptions } from './target/s3.ts'

// Errors
export { DownloadError, type DownloadErrorCode, type DownloadErrorOptions } from './errors.ts'

// Addresses
export { isPublicAddress } from './guard/addresses.ts'
