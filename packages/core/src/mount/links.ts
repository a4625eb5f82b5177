/** How many wrappers around wrappers are followed. */
const DEEPEST = 5
/** How many functions are looked at, so that one with thousands of properties costs little. */
const MOST = 200

/**
 * True if a function is the receiver, or a wrapper that shows that it wraps the receiver. Agents and shims either copy the
 * wrapped function's properties or keep a link to it. Each receiver has methods of its own, so a copied method also tells
 * which of several receivers was wrapped.
 *
 * @param receiver - The middleware, with `receive` among its properties.
 */
export function isLinked(candidate: unknown, receiver: { receive: unknown }): boolean {
  const seen = new Set<unknown>()

  function leadsToReceiver(value: unknown, depth: number): boolean {
    if (typeof value !== 'function' || seen.has(value) || seen.size >= MOST) return false
    seen.add(value)
    if (Object.is(value, receiver) || read(value, 'receive') === receiver.receive) return true
    // An Express application or router may hold a receiver as a property, and is no wrapper of it.
    if (depth === DEEPEST || typeof read(value, 'use') === 'function') return false
    return ownFunctions(value).some((link) => leadsToReceiver(link, depth + 1))
  }

  return leadsToReceiver(candidate, 0)
}

/** A property's value; undefined if a getter or a proxy throws. */
function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

/** The functions among a function's own properties. Getters are not called: they may do anything. */
function ownFunctions(value: object): unknown[] {
  try {
    const descriptors = Reflect.ownKeys(value).map((key) => Object.getOwnPropertyDescriptor(value, key))
    return descriptors.map((descriptor): unknown => descriptor?.value).filter((link) => typeof link === 'function')
  } catch {
    return []
  }
}
