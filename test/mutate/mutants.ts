import { codeOf } from './mask.ts'

/** One change of a source. */
export interface Mutant {
  start: number
  end: number
  /** What stands there instead. */
  text: string
  line: number
}

/** What is looked for in the code, and what it becomes, one by one. */
interface Operator {
  pattern: RegExp
  become: (found: string) => readonly string[]
}

/** Each comparison becomes its opposite, and the one that differs at the border. */
const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['>=', '<='],
  '<=': ['>', '<'],
  '>': ['<=', '>='],
  '>=': ['<', '>'],
}
const SWAPS: Readonly<Record<string, string>> = {
  '&&': '||',
  '||': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  true: 'false',
  false: 'true',
}

const NOTHING = 'void 0'
const CALL = /(?<=^ *)(?:await |void )?\w[\w.?]*\(.*\)$/gm

const OPERATORS: readonly Operator[] = [
  { pattern: /(?<= )(?:===|!==|<=|>=|<|>)(?= )/g, become: (found) => COMPARISONS[found] ?? [] },
  { pattern: /(?<= )(?:&&|\|\||[-+*/])(?= )/g, become: (found) => [SWAPS[found] ?? ''] },
  { pattern: /\b(?:true|false)\b(?!:)/g, become: (found) => [SWAPS[found] ?? ''] },
  // "not" goes.
  { pattern: /(?<=[\s(])!(?=[\w(])/g, become: () => [''] },
  // One more.
  { pattern: /(?<![\w.])\d[\d_]*(?![\w.])/g, become: (found) => [String(Number(found.replaceAll('_', '')) + 1)] },
  // A call whose value nothing uses, and a way out behind a condition, are left out.
  { pattern: CALL, become: (found) => (/^(?:if|for|while|switch|function)\b/.test(found) ? [] : [NOTHING]) },
  { pattern: /(?<=^ *)if \(.*\) (?:return|throw|continue|break)\b.*$/gm, become: () => [NOTHING] },
]

/** All mutants of a source, in its order. */
export function mutantsOf(source: string): Mutant[] {
  const code = codeOf(source)
  const found = OPERATORS.flatMap(({ pattern, become }) =>
    [...code.matchAll(pattern)].flatMap((match) =>
      become(match[0]).map((text) => ({
        start: match.index,
        end: match.index + match[0].length,
        text,
        line: code.slice(0, match.index).split('\n').length,
      })),
    ),
  )
  return found.toSorted((a, b) => a.start - b.start)
}
