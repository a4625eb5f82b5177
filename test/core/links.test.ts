import { describe, expect, test } from 'vitest'
import { isLinked } from '../../packages/core/src/mount/links.ts'

const make = () => Object.assign(() => {}, { receive: () => {}, start: () => {} })
const receiver = make()
const symbol = Symbol('original')
const hide = (link: unknown, key: PropertyKey = symbol) => Object.defineProperty(() => {}, key, { value: link })

describe('a function leads to the receiver', () => {
  test.each([
    ['itself', receiver],
    ['with its properties', Object.assign(() => {}, receiver)],
    ['with one of them', Object.assign(() => {}, { receive: receiver.receive })],
    ['with getters of them', Object.defineProperty(() => {}, 'receive', { get: () => receiver.receive })],
    ['a proxy', new Proxy(receiver, {})],
    ['with its prototype', Object.setPrototypeOf(() => {}, receiver)],
    ['with a link by a name', hide(receiver, '__original')],
    ['with a link by a symbol', hide(receiver)],
    ['with a link to a link', hide(hide(hide(receiver)))],
    ['with a link to a copy', hide(Object.assign(() => {}, receiver))],
    ['with a link among others', Object.assign(() => {}, { before: () => {}, after: hide(receiver) })],
  ])('%s', (_, candidate) => {
    expect(isLinked(candidate, receiver)).toBe(true)
  })
})

describe('a function does not lead to the receiver', () => {
  const circle: { self?: unknown } = () => {}
  circle.self = circle
  const wide = Object.assign(() => {}, Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`f${n}`, () => {}])))
  const deep = Array.from({ length: 50 }).reduce<unknown>(
    (inner) => hide(inner),
    () => {},
  )
  const throwing = Object.defineProperty(() => {}, 'receive', {
    get() {
      throw new Error('a getter of somebody else')
    },
  })
  const hostile = new Proxy(() => {}, {
    ownKeys() {
      throw new Error('a proxy of somebody else')
    },
    get() {
      throw new Error('a proxy of somebody else')
    },
  })
  test.each([
    ['another receiver', make()],
    ['a wrapper of another', hide(make())],
    ['an arrow function', () => receiver()],
    ['bound', receiver.bind(null)],
    ['a circle', circle],
    ['with thousands of properties', wide],
    ['with links without an end', deep],
    ['with a getter that throws', throwing],
    ['a proxy that throws', hostile],
    ['an application that holds it', Object.assign(() => {}, { use: () => {}, luma: receiver })],
    ['an object', { receiver }],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'receiver'],
  ])('%s', (_, candidate) => {
    expect(isLinked(candidate, receiver)).toBe(false)
  })

  test('and its other getters are not called', () => {
    let calls = 0
    const candidate = Object.defineProperty(() => {}, 'handler', { get: () => calls++ })
    expect(isLinked(candidate, receiver)).toBe(false)
    expect(calls).toBe(0)
  })
})
