import { printable } from '@luma-callback/core/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('a text stays as it is if it can do no harm', () => {
  expect(printable('Grüße an 東京 🦊, "17" \\u{a}')).toBe('Grüße an 東京 🦊, "17" \\u{a}')
})

test('what breaks a line, colours a terminal or turns the direction is written out', () => {
  expect(printable('a\n\u001B[31mb\u202Ec\u2028')).toBe('a\\u{a}\\u{1b}[31mb\\u{202e}c\\u{2028}')
})

test('a long text is cut short where it is asked to be, and says how long it was', () => {
  expect(printable('x'.repeat(1_000), { most: 3 })).toBe('xxx… (1000 characters)')
  expect(printable('x'.repeat(1_000))).toHaveLength(300 + '… (1000 characters)'.length)
})

test('whatever comes, it is one line of bounded length that can be encoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = printable(text, { most: 20 })
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      expect(line.length).toBeLessThan(20 * '\\u{10ffff}'.length + 30)
    }),
  )
})
