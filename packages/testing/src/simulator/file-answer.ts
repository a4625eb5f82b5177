import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Emit } from './events.ts'
import type { Files, StoredFile, Video } from './files.ts'
import { readRange } from './range.ts'

export interface FileAnswers {
  files: Files
  video: Video
  emit: Emit
}

/**
 * Answers a request for a result file: whole or one range, with the headers that a download needs to resume. An expired URL is
 * answered 403 and a missing file 404. The provider documents neither; object stores usually do so.
 */
export function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { files, video, emit, path }: FileAnswers & { path: string },
): void {
  const { method = '' } = request
  const found = files.find(path)
  const tell = (result: 'served' | 'cut' | 'expired' | 'missing' | 'refused', bytes = 0) =>
    emit({ type: 'file', method, path, status: response.statusCode, result, bytes })

  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end()
    return tell('refused')
  }
  if (found.is !== 'file') {
    const [status, text] = found.is === 'expired' ? [403, 'this URL has expired\n'] : [404, 'there is no such file\n']
    response.writeHead(status, { 'content-type': 'text/plain', 'content-length': text.length }).end(text)
    return tell(found.is)
  }

  const { bytes, etag } = video
  const headers = {
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    etag,
    'last-modified': new Date(found.file.createdAt).toUTCString(),
  }
  const range = method === 'GET' && isStillTheSame(request, found.file, etag) ? rangeOf(request, bytes) : 'whole'
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${bytes.length}`, 'content-length': 0 }).end()
    return tell('refused')
  }
  if (range !== 'whole') {
    const part = bytes.subarray(range.start, range.end + 1)
    const contentRange = `bytes ${range.start}-${range.end}/${bytes.length}`
    response.writeHead(206, { ...headers, 'content-range': contentRange, 'content-length': part.length }).end(part)
    return tell('served', part.length)
  }
  response.writeHead(200, { ...headers, 'content-length': bytes.length })
  if (method === 'HEAD') {
    response.end()
    return tell('served')
  }
  if (!found.file.isTruncated) {
    response.end(bytes)
    return tell('served', bytes.length)
  }
  const half = bytes.subarray(0, bytes.length / 2)
  response.write(half, () => response.destroy())
  tell('cut', half.length)
}

function rangeOf({ headers }: IncomingMessage, { length }: Buffer): ReturnType<typeof readRange> {
  return readRange(headers.range, length)
}

/** `If-Range` must hold our ETag or our `Last-Modified`; any other value belongs to another file. */
function isStillTheSame({ headers }: IncomingMessage, { createdAt }: StoredFile, etag: string): boolean {
  const condition = headers['if-range']
  return condition === undefined || condition === etag || condition === new Date(createdAt).toUTCString()
}
