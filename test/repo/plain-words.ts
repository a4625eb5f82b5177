/**
 * Words that make a reader read twice, each with plain ones to write in their place. The pages hold none of them, except in
 * programs and in texts that programs print.
 */
export const NOT_PLAIN: readonly (readonly [pattern: RegExp, inPlace: string])[] = [
  [/\bnobody\b/i, 'name who: "the provider does not", "no process"'],
  [/\b(?:bears?|borne|bore)\b[^.|]{0,20}\bout\b/i, 'confirms, contradicts'],
  [/\b(?:lets?|letting) go of\b/i, 'releases'],
  [/\bmeanwhile\b/i, 'say when: "before the answer", "during the outage"'],
  [/\bsurely\b/i, 'certainly'],
  [/\bof what\b/i, 'use a noun'],
  [/\bof one that\b/i, 'if it …'],
  [/\bwhat (?:is|was|has|came|comes|can|could|they)\b/i, 'use a noun: "a callback that is", "the results"'],
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!more\b|longer\b)/i, '"is not a", or "there is no" with a noun'],
  [/\bno other\b/i, '"the others … not"'],
  [/\basks? no more\b/i, 'gives up'],
  [/\bheeds?\b/i, 'follows'],
  [/(?:^|[,;:(] ?|\b(?:and|or|but|of|by|to) )who(?:ever)? (?:has|is|asks|may|can)\b/i, 'name who'],
  [/\b(?:on|upon) which\b/i, 'two sentences'],
  [/\bgone on with\b/i, 'resumed, continued'],
  [/\blooked into\b/i, 'inspected, shown'],
  [/\bleaves? the hook\b/i, 'propagate'],
  [/\bmends?\b/i, 'replaces, repairs'],
  [/\bshall\b/i, 'must, or the present tense'],
  [/\bthe plain way\b/i, 'name it'],
  [/, for (?:it|he|they|there)\b/i, 'because'],
]
