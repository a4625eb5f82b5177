// Sends too much in three ways, each in a connection of its own, and prints what it was answered.
const [url = '', headers = '{}'] = process.argv.slice(2)
const MB = 1024 ** 2

/** What the receiver grants to a sender that it has refused: a machine that needs longer for this has to begin again. */
const LINGER = 2_000

async function send(body: () => NonNullable<RequestInit['body']>, more: Record<string, string> = {}) {
  const own = { ...(JSON.parse(headers) as Record<string, string>), ...more }
  for (;;) {
    const startedAt = performance.now()
    try {
      return (await fetch(url, { method: 'POST', headers: own, body: body(), duplex: 'half' })).status
    } catch (error) {
      if (performance.now() - startedAt < LINGER * 0.9) return String((error as Error).cause)
    }
  }
}

function* parts(): Generator<Uint8Array> {
  for (let part = 0; part < 256; part++) yield new Uint8Array(MB / 16)
}

const declared = await send(() => new Uint8Array(16 * MB))
const chunked = await send(() => ReadableStream.from(parts()))
const closing = await send(() => new Uint8Array(16 * MB), { connection: 'close' })
console.log(declared, chunked, closing)
