/** Any function; what a wrapper takes and gives. */
type Callable = (...given: never[]) => unknown

export interface Wrapper {
  name: string
  /** The wrapper carries the receiver's properties or a link to it. */
  isLinked: boolean
  wrap: <Wrapped extends Callable>(wrapped: Wrapped) => Wrapped
}

/** A function that calls another one, as written in a user's code or an agent's. */
function calling<Wrapped extends Callable>(wrapped: Wrapped): Wrapped {
  return ((...given: never[]) => wrapped(...given)) as Wrapped
}

/** The kinds of wrappers that agents, shims and users put around handlers. */
export const wrappers: readonly Wrapper[] = [
  { name: 'nothing', isLinked: true, wrap: (wrapped) => wrapped },
  { name: 'a copy of the properties', isLinked: true, wrap: (wrapped) => Object.assign(calling(wrapped), wrapped) },
  {
    name: 'a link by a symbol',
    isLinked: true,
    wrap: (wrapped) => Object.assign(calling(wrapped), { [Symbol('original')]: wrapped }),
  },
  { name: 'an arrow function', isLinked: false, wrap: calling },
  {
    name: 'an async function',
    isLinked: false,
    wrap: <Wrapped extends Callable>(wrapped: Wrapped) =>
      (async (...given: never[]) => {
        await Promise.resolve()
        return wrapped(...given)
      }) as unknown as Wrapped,
  },
]
