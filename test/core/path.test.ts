import { createHandler } from '@luma-callback/core'
import { pathOf } from '@luma-callback/core/adapter'
import { describe, expect, test } from 'vitest'

const make = (path: string) => createHandler({ onSuccess: () => {}, secret: 'key', path })

describe('a path that could never match, or that means a pattern, is a TypeError that says what to do', () => {
  test.each([
    ['/luma/:tenant', 'app.post("/luma/:tenant", lumaCallback(onSuccess))'],
    ['/:tenant', 'must not be a pattern'],
    ['/luma:tenant', 'must not be a pattern'],
    ['/hooks/*', 'must not be a pattern'],
    ['/hooks/*rest', 'must not be a pattern'],
    ['/hooks/{*rest}', 'must not be a pattern'],
    ['/hooks/(.*)', 'must not be a pattern'],
    ['/hook[s]', 'must not be a pattern'],
    ['/*', 'must not be a pattern'],
    ['**', 'must begin with a slash'],
    ['*/x', 'must begin with a slash'],
    ['/x?', 'a query belongs in the callBackUrl'],
    ['/x?order=42', 'a query belongs in the callBackUrl'],
    ['/x#part', 'must not hold "?" or "#"'],
    ['https://shop.example/luma', 'whole URL'],
    ['HTTP://shop.example', 'whole URL'],
    ['shop.example/luma', 'must begin with a slash'],
    [' /luma', 'must begin with a slash'],
    ['', 'must begin with a slash'],
    ['/luma ', 'ends with a blank'],
    ['/luma\n', 'remove line breaks'],
    ['/lu\tma', 'remove line breaks'],
    ['\\luma', 'must begin with a slash'],
    ['/hooks\\luma', 'backslashes'],
    ['/\uD800', 'no URL can have'],
    ['/hooks/../luma', 'must not hold "." or ".."'],
    ['/./luma', 'must not hold "." or ".."'],
    ['/hooks/..', 'must not hold "." or ".."'],
    ['/hooks/%2e%2E/luma', 'must not hold "." or ".."'],
    ['/100%', 'two hexadecimal digits'],
    ['/%zz', 'two hexadecimal digits'],
    ['/%4', 'two hexadecimal digits'],
  ])('%j', (path, hint) => {
    expect(() => make(path)).toThrow(TypeError)
    expect(() => make(path)).toThrow(hint)
    expect(() => make(path)).toThrow('option "path"')
  })
})

test.each([
  ['/luma', '/luma'],
  ['/', '/'],
  ['//', '/'],
  ['/luma/', '/luma/'],
  ['/luma//', '/luma/'],
  ['/a b', '/a%20b'],
  ['/é', '/%C3%A9'],
  ['/🦊', '/%F0%9F%A6%8A'],
  ['/%C3%A9', '/%C3%A9'],
  ['/v1.2/..hidden', '/v1.2/..hidden'],
  ['/tasks:1a', undefined],
  ['/a+b!', '/a+b!'],
  ['*', '*'],
])('%j is compared as %j', (given, compared) => {
  if (compared === undefined) expect(() => make(given)).toThrow('must not be a pattern')
  else expect(make(given).path).toBe(compared)
})

test.each([
  ['/luma', '/luma'],
  ['/luma?a=/b', '/luma'],
  ['/luma#a', '/luma'],
  ['//luma', '//luma'],
  ['http://localhost/luma?a', '/luma'],
  ['*', '*'],
  ['', ''],
])('the path of the target %j is %j', (target, path) => {
  expect(pathOf(target)).toBe(path)
})
