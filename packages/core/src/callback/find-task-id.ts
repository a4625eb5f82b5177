import { endOfString } from './json.ts'

/** Longer than any spelling of an id that is accepted: 256 characters, each escaped as six, and two quotes. */
const LONGEST_SPELLING = 256 * 6 + 2

/** In place of an index. */
const NONE = -1

/**
 * Finds the task id in a body's text without parsing the text, so that a signature can be checked before anything that
 * costs more: parsing 256 kB can take 60 ms, this takes about one. It reads `data.taskId`, else `data.task_id`, else a
 * `taskId` beside `data`, and the last of a name given twice, as JSON.parse does. Whether the text is JSON is not
 * checked, so the caller has to compare the id with that of the parsed body before it relies on it.
 */
export function findTaskId(text: string): string | undefined {
  // Where the values begin; what they are is looked at once, at the end.
  let taskId = NONE
  let otherId = NONE
  let outerId = NONE
  let depth = 0
  let isInData = false

  function readName(open: number, close: number): void {
    const value = startOfValue(text, close + 1)
    if (value === NONE) return
    if (depth === 2) {
      if (spells(text, open, close, 'taskId')) taskId = value
      else if (spells(text, open, close, 'task_id')) otherId = value
    } else if (spells(text, open, close, 'taskId')) {
      outerId = value
    } else if (spells(text, open, close, 'data')) {
      // A second `data` replaces the first, and the ids in it.
      taskId = otherId = NONE
      isInData = text.charCodeAt(value) === 0x7b
    }
  }

  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const close = endOfString(text, at)
        if (depth === 1 || (depth === 2 && isInData)) readName(at, close)
        at = close
        break
      }
      case 0x5b: // [
      case 0x7b: // {
        depth++
        break
      case 0x5d: // ]
      case 0x7d: // }
        if (--depth === 1) isInData = false
        break
    }
  }
  const place = [taskId, otherId, outerId].find((value) => value !== NONE && !text.startsWith('null', value))
  return place === undefined ? undefined : textAt(text, place)
}

/** Where the value of a name begins, or {@link NONE} if no colon follows, so that the text is no name. */
function startOfValue(text: string, from: number): number {
  const colon = skipBlanks(text, from)
  return text.charCodeAt(colon) === 0x3a ? skipBlanks(text, colon + 1) : NONE
}

function skipBlanks(text: string, from: number): number {
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
  }
}

/** Whether the text between two quotes is this name, as it stands or with characters written as `\u0074`. */
function spells(text: string, open: number, close: number, name: string): boolean {
  let at = open + 1
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index)
    const found = text.charCodeAt(at)
    if (found === code) at++
    else if (found === 0x5c && isEscapeOf(text, at, code)) at += 6
    else return false
  }
  return at === close
}

/** Whether at `start` a `\u` and four hexadecimal digits stand for the code, which is below 256. */
function isEscapeOf(text: string, start: number, code: number): boolean {
  if (text.charCodeAt(start + 1) !== 0x75) return false
  if (text.charCodeAt(start + 2) !== 0x30 || text.charCodeAt(start + 3) !== 0x30) return false
  return digitAt(text, start + 4) * 16 + digitAt(text, start + 5) === code
}

/** The value of a hexadecimal digit, or NaN. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const small = code | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : Number.NaN
}

function textAt(text: string, start: number): string | undefined {
  if (text.charCodeAt(start) !== 0x22) return undefined
  const end = endOfString(text, start) + 1
  if (end - start > LONGEST_SPELLING) return undefined
  try {
    return JSON.parse(text.slice(start, end)) as string
  } catch {
    return undefined
  }
}
