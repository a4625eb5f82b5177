import { checkOptions, custom, has, optional, text, type Filled, type Rules } from '@luma-callback/core/internal'
import type { Sink } from './sink.ts'

/** As much as is needed of `S3Client` of `@aws-sdk/client-s3`, version 3. */
export interface S3ClientLike {
  // The commands' own types are the user's, of whatever version.
  // oxlint-disable-next-line typescript/no-explicit-any
  send(command: any, options?: any): Promise<any>
  config: unknown
}

export interface S3SinkOptions {
  client: S3ClientLike
  bucket: string
  /** What the keys begin with, such as `videos/`. Default: nothing. */
  prefix?: string | undefined
}

const RULES: Rules<Filled<S3SinkOptions>> = {
  client: custom((value) => (has(value, 'send') ? undefined : 'must be an S3Client')),
  bucket: text({ pattern: /[^]/, must: 'the name of a bucket' }),
  prefix: optional(text(), ''),
}

/**
 * Saves into a bucket of S3, or of what speaks its language, with `@aws-sdk/client-s3` and `@aws-sdk/lib-storage`, which
 * you install. An upload that does not end well is aborted: no half object is ever to be seen, and no parts are paid for.
 * It needs the rights to put objects, to abort uploads, and to ask for the head of an object.
 *
 * @example
 * ```ts
 * import { S3Client } from '@aws-sdk/client-s3'
 * import { s3Sink, saveResults } from '@luma-callback/download'
 * import { lumaCallback } from '@luma-callback/express'
 *
 * const videos = s3Sink({ client: new S3Client(), bucket: 'videos', prefix: 'luma/' })
 * const luma = lumaCallback((callback, { signal }) => saveResults(callback, { to: videos, signal }))
 * ```
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function s3Sink(options: S3SinkOptions): Sink {
  const { client, bucket, prefix } = checkOptions('s3Sink', options, RULES)
  const pathOf = (name: string): string => `s3://${bucket}/${prefix}${name}`

  return {
    async write(stream, { name, contentType, signal }) {
      const { Upload } = await peer(() => import('@aws-sdk/lib-storage'))
      const params = { Bucket: bucket, Key: `${prefix}${name}`, Body: stream, ContentType: contentType }
      const ending = { client: await abortable(client, signal), params }
      const upload = new Upload(ending as unknown as ConstructorParameters<typeof Upload>[0])
      await upload.done()
      return pathOf(name)
    },
    async find(names) {
      const { HeadObjectCommand } = await peer(() => import('@aws-sdk/client-s3'))
      const heads = await Promise.all(
        names.map(async (name) => {
          try {
            const answer: unknown = await client.send(
              new HeadObjectCommand({ Bucket: bucket, Key: `${prefix}${name}` }),
            )
            return { name, path: pathOf(name), bytes: (answer as { ContentLength?: number }).ContentLength ?? 0 }
          } catch (error) {
            if (isAbsent(error)) return undefined
            throw error
          }
        }),
      )
      return heads.find((head) => head !== undefined)
    },
  }
}

/**
 * The client, whose requests end with the signal. `upload.abort()` would not do: it leaves the requests open, and does not
 * wait until the parts are taken away. The requests that begin an upload and take it away again are let end, for without
 * them nobody could, or would, take the parts away.
 */
async function abortable(client: S3ClientLike, signal: AbortSignal): Promise<S3ClientLike> {
  const s3 = await peer(() => import('@aws-sdk/client-s3'))
  const isLetEnd = (command: unknown): boolean =>
    command instanceof s3.CreateMultipartUploadCommand || command instanceof s3.AbortMultipartUploadCommand
  const send: S3ClientLike['send'] = (command, options) =>
    client.send(command, isLetEnd(command) ? options : { ...options, abortSignal: signal })
  return Object.create(client, { send: { value: send } }) as S3ClientLike
}

/** Who may not list a bucket is told 403 of what is not there. If it is more than that, the upload will say so. */
function isAbsent(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  return status === 404 || status === 403
}

async function peer<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const packages = '@aws-sdk/client-s3 and @aws-sdk/lib-storage'
    throw new Error(`s3Sink needs ${packages}; install both`, { cause: error })
  }
}
