import type { SimulatorRequest } from './events.ts'

/** The submitted request, or its problem, which names the field. */
export type Read = { request: SimulatorRequest } | { problem: string }

/** The video formats that the provider documents. */
const VIDEO = new Set(['mp4', 'mov', 'avi'])

/** Reads the body of a submission. Unknown fields are ignored, and null means that a field is left out. */
export function readSubmission(body: unknown): Read {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return wrong('the body must be a JSON object')
  const { prompt, videoUrl, callBackUrl, watermark } = body as Record<string, unknown>
  if (typeof prompt !== 'string' || prompt.trim() === '') return wrong('prompt is required, a text that is not empty')
  if (!isHttpUrl(videoUrl)) return wrong('videoUrl is required, an http or https URL')
  if (!isVideo(videoUrl)) return wrong('videoUrl must lead to an MP4, MOV or AVI file')
  if (!isNothing(callBackUrl) && !isHttpUrl(callBackUrl)) return wrong('callBackUrl must be an http or https URL')
  if (!isNothing(watermark) && typeof watermark !== 'string') return wrong('watermark must be a text')
  return {
    request: { prompt, videoUrl, callBackUrl: callBackUrl ?? undefined, watermark: watermark ?? undefined },
  }
}

function wrong(problem: string): { problem: string } {
  return { problem }
}

function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}

/** A URL without an extension may lead to a video; the provider only sees it when it fetches the file. */
function isVideo(url: string): boolean {
  const [, extension] = /\.([a-z][a-z0-9]{1,4})$/i.exec(lastSegment(url)) ?? []
  return extension === undefined || VIDEO.has(extension.toLowerCase())
}

function lastSegment(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? ''
}
