/** Names of our options in other libraries and in users' first tries. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  timeout: ['hookTimeout', 'ackTimeout', 'deliveryTimeout', 'busyTimeout'],
  attempts: ['retry: { attempts }', 'retries'],
  retries: ['retry: { attempts }', 'attempts'],
  maxretries: ['retry: { attempts }', 'attempts', 'retries'],
  maxattempts: ['retry: { attempts }', 'attempts', 'retries'],
  tries: ['attempts'],
  mindelay: ['retry: { minDelay }'],
  maxdelay: ['retry: { maxDelay }'],
  backoff: ['retry', 'retryPause'],
  logger: ['observe'],
  log: ['observe'],
  onevent: ['observe'],
  onerror: ['observe', 'onFailure'],
  onfail: ['onFailure'],
  failure: ['onFailure'],
  success: ['onSuccess'],
  handler: ['onSuccess'],
  oncomplete: ['onSuccess'],
  webhookhmackey: ['secret'],
  hmackey: ['secret'],
  webhooksecret: ['secret'],
  signingsecret: ['secret'],
  key: ['apiKey', 'secret'],
  token: ['apiKey'],
  store: ['inbox', 'dedupe'],
  queue: ['inbox'],
  ttl: ['retention'],
  limit: ['bodyLimit'],
  maxbodysize: ['bodyLimit'],
  maxsize: ['maxBytes'],
  directory: ['to'],
  route: ['path'],
  url: ['path', 'baseUrl', 'videoUrl'],
  every: ['interval', 'pollInterval'],
  keyprefix: ['prefix'],
}

/** The known names that the user likely meant, in quotes; undefined if none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = simplified(name)
  const distances = known.map((one) => ({ one, distance: distance(simplified(one), plain) }))
  const [nearest] = distances.toSorted((a, b) => a.distance - b.distance)
  if (nearest?.distance === 0) return `"${nearest.one}"`
  const others = Object.hasOwn(OTHER_NAMES, plain) ? (OTHER_NAMES[plain] ?? []) : []
  const meant = others.filter((other) => known.includes(/^\w*/.exec(other)?.[0] ?? ''))
  if (meant.length > 0) return meant.map((other) => `"${other}"`).join(' or ')
  const isNear = nearest && plain.length < 40 && nearest.distance <= Math.min(3, Math.floor(plain.length / 3))
  return isNear ? `"${nearest.one}"` : undefined
}

function simplified(name: string): string {
  return name.replaceAll(/[^a-z]/gi, '').toLowerCase()
}

/** The number of letters to add, drop or replace. */
function distance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 3) return Infinity
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1]
    for (let at = 0; at < to.length; at++) {
      const replaced = (row[at] ?? 0) + (from[index] === to[at] ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
