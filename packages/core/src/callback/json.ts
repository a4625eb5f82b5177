/** How deep objects and arrays may lie in each other: far beyond the provider's two, far below any stack's end. */
const DEEPEST_NESTING = 64

/**
 * Parses JSON from a stranger. Nesting is checked before anything recursive sees the text, and keys
 * named `__proto__`, however spelled, are dropped, so that no copy of the result can change a prototype.
 * Of a key given twice the last counts, here and so everywhere.
 *
 * @throws SyntaxError if the text is not JSON or is nested deeper than {@link DEEPEST_NESTING}.
 */
export function parseJson(text: string): unknown {
  checkNesting(text)
  // A reviver is called for every value, so only texts that may need it pay for it.
  return mightNameProto(text) ? JSON.parse(text, dropProto) : JSON.parse(text)
}

/**
 * Finds the faults of a text that one pass over it shows, without the time and the memory that parsing takes.
 *
 * @throws SyntaxError if the text is no object and no list, or is nested deeper than {@link DEEPEST_NESTING}.
 */
export function checkOutline(text: string): void {
  if (!/^\s*[{[]/.test(text)) throw new SyntaxError('it does not begin as an object')
  checkNesting(text)
}

function checkNesting(text: string): void {
  if (mightNestDeeper(text, DEEPEST_NESTING) && isNestedDeeper(text, DEEPEST_NESTING)) {
    throw new SyntaxError(`the JSON is nested deeper than ${DEEPEST_NESTING} levels`)
  }
}

/** `__proto__` as it stands, or with some of its letters escaped. */
function mightNameProto(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00(?:5f|70|72|6f|74)/i.test(text))
}

function dropProto(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}

/** Counting brackets, those in strings too, is cheaper than following them, and settles nearly every text. */
function mightNestDeeper(text: string, limit: number): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > limit) return true
    }
  }
  return false
}

/** One pass over the characters, without recursion: a stack must not be what finds out. */
function isNestedDeeper(text: string, limit: number): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 0x22: // "
        index = endOfString(text, index)
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > limit) return true
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
    }
  }
  return false
}

/** The index of the quote that closes the string opened at `start`, or the text's end if none does. */
export function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) return index
    if (code === 0x5c) index++ // a backslash takes the next character with it
  }
  return text.length
}
