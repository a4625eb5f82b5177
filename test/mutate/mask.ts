import { stripTypeScriptTypes } from 'node:module'

/** A slash after one of these begins a regular expression. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};\n]|return|=>)\s*$/

/**
 * A source in which only code is left, each character in its place: types, comments and what stands between quotes are spaces.
 * Node blanks the types, as it does when it runs a source.
 */
export function codeOf(source: string): string {
  const code = stripTypeScriptTypes(source, { mode: 'strip' })
  let masked = ''
  for (let index = 0; index < code.length;) {
    const end = endOfText(code, index, masked)
    masked += end > index ? blank(code.slice(index, end)) : code[index]
    index = Math.max(end, index + 1)
  }
  return masked
}

/** Where what begins here and is no code ends; `index` itself if it is code. */
function endOfText(code: string, index: number, before: string): number {
  const rest = code.slice(index)
  if (rest.startsWith('//')) return index + lengthOf(/^.*/, rest)
  if (rest.startsWith('/*')) return index + lengthOf(/^\/\*.*?\*\//s, rest)
  if (/^['"]/.test(rest)) return index + lengthOf(/^(['"])(?:\\.|(?!\1).)*\1/s, rest)
  // With the code in its holes, which is rarely more than a name.
  if (rest.startsWith('`')) return index + lengthOf(/^`(?:\\.|[^`])*`/s, rest)
  if (rest.startsWith('/') && BEFORE_REGEX.test(before)) {
    return index + lengthOf(/^\/(?:\\.|\[(?:\\.|[^\]])*\]|[^/\n])+\/\w*/, rest)
  }
  return index
}

function lengthOf(pattern: RegExp, text: string): number {
  return pattern.exec(text)?.[0].length ?? 0
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}
