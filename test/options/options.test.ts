import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { FUNCTIONS, type TakesOptions } from './functions.ts'
import type { Kind } from './kinds.ts'

const HIDDEN = 'hunter2'

/** What a call is refused with: always a TypeError. What is checked is checked at once, and nothing else is waited for. */
async function refusal({ call }: TakesOptions, options: unknown): Promise<string> {
  const called = (async () => call(options as never))()
  try {
    await Promise.race([called, setImmediate()])
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
  return 'nothing was thrown'
}

/** Each option, with those that are in it: `retry.attempts`. */
function flat(options: Readonly<Record<string, Kind>>): [name: string, kind: Kind][] {
  return Object.entries(options).flatMap(([name, kind]) => [
    [name, kind],
    ...flat(kind.inner ?? {}).map(([inner, of]): [string, Kind] => [`${name}.${inner}`, of]),
  ])
}

/** The right options, and one more. They are frozen: nobody may change them. */
function withOption({ right }: TakesOptions, name: string, value: unknown): object {
  const [outer = '', inner] = name.includes('.') ? name.split('.') : [name]
  const given = inner === undefined ? value : Object.freeze({ [inner]: value })
  return Object.freeze({ ...right, [outer]: given })
}

const noted = { numRuns: 25 }
const table = FUNCTIONS.map((one): [string, TakesOptions] => [one.caller, one])
const strict = table.filter(([, { isLenient }]) => !isLenient)

describe.each(table)('%s', (caller, one) => {
  test.each(flat(one.options))('option %s of a wrong type is named, with its unit', async (name, kind) => {
    const wrong = fc.oneof(fc.anything(), fc.constantFrom(HIDDEN, [HIDDEN], { key: HIDDEN }, null, 5, true))
    const isWrong = (value: unknown): boolean => value !== undefined && !kind.accepts(value)
    const property = fc.asyncProperty(wrong.filter(isWrong), async (value) => {
      const message = await refusal(one, withOption(one, name, value))
      expect(message.startsWith(`${caller}: option "${name}" `)).toBe(true)
      expect(message).toContain(kind.unit ?? '')
      expect(message).not.toContain(HIDDEN)
    })
    await fc.assert(property, noted)
  })

  test.each(flat(one.options).filter(([, { refused }]) => refused))(
    'option %s out of range is named, with its unit',
    async (name, kind) => {
      const property = fc.asyncProperty(kind.refused ?? fc.constant(undefined), async (value) => {
        const message = await refusal(one, withOption(one, name, value))
        expect(message.startsWith(`${caller}: option "${name}" `)).toBe(true)
        expect(message).toContain(kind.unit ?? '')
      })
      await fc.assert(property, noted)
    },
  )

  test.each(Object.keys(one.right))('without %s, which it needs: that is named', async (name) => {
    const { [name]: _left, ...rest } = one.right as Record<string, unknown>
    expect(await refusal(one, rest)).toContain(`${caller}: option "${name}" `)
  })
})

describe.each(strict)('%s', (caller, one) => {
  const known = Object.keys(one.options)

  test('an unknown option is named, and so are the known ones', async () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('toString', 'constructor', '__proto__', 'valueOf'))
    const isUnknown = (name: string): boolean => !name.includes('.') && !known.includes(name)
    const property = fc.asyncProperty(names.filter(isUnknown), async (name) => {
      const options: object = Object.freeze(Object.fromEntries([...Object.entries(one.right), [name, HIDDEN]]))
      const message = await refusal(one, options)
      expect(message).toContain(`${caller}: unknown option "`)
      for (const each of known) expect(message).toContain(each)
      expect(message).not.toContain(HIDDEN)
    })
    await fc.assert(property, noted)
  })

  test('an unknown option counts where it is inherited, and so does a known one', async () => {
    const inherited: object = Object.create({ ...one.right, notAnOption: 1 })
    expect(await refusal(one, inherited)).toContain(`${caller}: unknown option "notAnOption"`)
    const [name = ''] = known
    expect(await refusal(one, Object.create({ ...one.right, [name]: null }))).toContain(`${caller}: option "${name}" `)
  })

  test.each(flat(one.options).map(([name]) => name))('%s that is misspelt: did you mean it?', async (name) => {
    const own = name.slice(name.indexOf('.') + 1)
    const outer = name.slice(0, name.length - own.length)
    const snake = own.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    for (const misspelt of [own.toUpperCase(), `${own}_`, snake, snake.replaceAll('_', '-')]) {
      if (misspelt === own) continue
      const message = await refusal(one, withOption(one, outer + misspelt, 5))
      expect(message).toContain(`${caller}: unknown option "${outer}${misspelt}", did you mean "${own}"? Known are `)
    }
    const dropped = own.slice(0, -2) + own.slice(-1)
    if (own.length < 5 || dropped in one.options) return
    const message = await refusal(one, withOption(one, outer + dropped, 5))
    expect(message).toContain(`${caller}: unknown option "${outer}${dropped}", did you mean "`)
  })

  test.each([['a text'], [5], [null], [true], [[]], [[{}]]])('%j in place of options is refused', async (options) => {
    expect(await refusal(one, options)).toMatch(new RegExp(`^${caller}: `))
  })

  test('a promise of options is to be awaited first', async () => {
    expect(await refusal(one, Promise.resolve(one.right))).toMatch(new RegExp(`^${caller}: .*promise`))
  })
})

test('close() is handed arguments of others, and closes', async () => {
  const close = FUNCTIONS.find(({ caller }) => caller === 'close')
  for (const options of ['SIGTERM', { name: 'fastify' }, null, undefined, 15]) {
    await expect(close?.call(options as never)).resolves.toBeUndefined()
  }
})

test('the list has every interface of options that a package exports', () => {
  const packages = join(ROOT, 'packages')
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' })
  const tables = files.filter((file) => /^\w+\/src\/(?:index|entry\/(?:inbox|adapter))\.ts$/.test(file))
  const names = tables.flatMap((file) => readFileSync(join(packages, file), 'utf8').match(/\b\w+Options\b/g) ?? [])
  const list = readFileSync(new URL('functions.ts', import.meta.url), 'utf8')
  const missing = new Set(names.filter((name) => !list.includes(`takes<${name}>`) && /^[A-Z]/.test(name)))
  // Of errors, of what the receiver itself hands to an inbox, and what is a part of others.
  const others = [
    'ApiErrorOptions',
    'DownloadErrorOptions',
    'DeliverOptions',
    'InboxOptions',
    'RunnerOptions',
    'SampleOptions',
    'SaveOptions',
  ]
  expect([...missing].toSorted()).toEqual(others.toSorted())
})
