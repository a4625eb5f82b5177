/** The largest answer that is read, in bytes after decompression. The API's own answers have a few thousand. */
const MOST_BYTES = 1024 ** 2

/**
 * Reads the text of an answer, or gives undefined if it is too large. A proxy or another server may answer in place of the
 * API, for example with a few bytes that unpack to gigabytes, and must not fill the memory of this process.
 */
export async function readText(response: Response): Promise<string | undefined> {
  // A response of the user's own `fetch` may have no stream.
  if (!response.body) return withinLimit(await response.text())
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the stream.
    if (bytes > MOST_BYTES) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function withinLimit(text: string): string | undefined {
  return text.length > MOST_BYTES ? undefined : text
}
