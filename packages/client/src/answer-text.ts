/** The largest answer that is read, in bytes as they are after unpacking: the API's own have a few thousand. */
const MOST_BYTES = 1024 ** 2

/**
 * The text of an answer, or undefined for one that is larger than any of the API's: whatever sits in its place, a few bytes
 * that unpack to gigabytes included, must not fill this process's memory.
 */
export async function readText(response: Response): Promise<string | undefined> {
  // What a fetch of the user's own gives may have no stream.
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
