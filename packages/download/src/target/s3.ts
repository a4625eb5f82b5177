import { checkOptions, custom, has, optional, text, type Filled, type Rules } from '@luma-callback/core/internal'
import type { Sink } from './sink.ts'

/** The needed part of `S3Client` from `@aws-sdk/client-s3`, version 3. */
export interface S3ClientLike {
  // The types of the commands depend on the user's version.
  // oxlint-disable-next-line typescript/no-explicit-any
  send(command: any, options?: any): Promise<any>
  config: unknown
}

/** The options of `s3Sink`. */
export interface S3SinkOptions {
  /** The `S3Client` of `@aws-sdk/client-s3`. It is not closed. */
  client: S3ClientLike
  /** The name of the bucket. */
  bucket: string
  /** The prefix of all keys, such as `videos/`. Default: none. */
  prefix?: string | undefined
}

const RULES: Rules<Filled<S3SinkOptions>> = {
  client: custom((value) => (has(value, 'send') ? undefined : 'must be an S3Client')),
  bucket: text({ pattern: /[^]/, must: 'the name of a bucket' }),
  prefix: optional(text(), ''),
}

/**
 * Saves into a bucket of S3 or of a compatible service. Install `@aws-sdk/client-s3` and `@aws-sdk/lib-storage` for it. A failed
 * upload is aborted, so that no partial object is visible and no parts stay to be paid for. It needs the rights to put objects,
 * to abort uploads, and to read the head of an object.
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
 * A client whose requests end with the signal. `upload.abort()` is not enough: it leaves requests open and does not wait until
 * the parts are removed. The requests that create and abort an upload run to their end, because without them the parts would
 * stay.
 */
async function abortable(client: S3ClientLike, signal: AbortSignal): Promise<S3ClientLike> {
  const s3 = await peer(() => import('@aws-sdk/client-s3'))
  const isLetEnd = (command: unknown): boolean =>
    command instanceof s3.CreateMultipartUploadCommand || command instanceof s3.AbortMultipartUploadCommand
  const send: S3ClientLike['send'] = (command, options) =>
    client.send(command, isLetEnd(command) ? options : { ...options, abortSignal: signal })
  return Object.create(client, { send: { value: send } }) as S3ClientLike
}

/** Without the right to list a bucket, S3 answers 403 for a missing object. If it is another problem, the upload reports it. */
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
