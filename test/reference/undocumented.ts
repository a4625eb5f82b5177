// What the docstrings leave out.
import {
  type Comment,
  type DeclarationReflection,
  type ProjectReflection,
  ReflectionKind,
  type SomeType,
} from 'typedoc'

/** How a docstring says what an option is if it is left out; an interface says it for all of its options. */
const DEFAULT = /\bdefaults?\b|\bleft out\b|\bwithout it\b|\b(?:if|where) you know it\b/i
/** A number counts something, or names something. */
const UNIT = /\b(?:milliseconds|seconds|bytes|how many|how often|number|most|code|port|share|seed|status)\b|\b200\b/i

/** Every export without a sentence, and every option whose docstring lacks its meaning, unit or default: each in one line. */
export function undocumented(project: ProjectReflection): string[] {
  return (project.children ?? []).flatMap((page) =>
    (page.children ?? []).flatMap((each) => [...problemsOf(each), ...(isOptions(each) ? optionProblems(each) : [])]),
  )
}

function problemsOf(exported: DeclarationReflection): string[] {
  return textOf(exported) === '' ? [`${nameOf(exported)} has no docstring`] : []
}

/** What an error is made with is told by the error's own fields. */
function isOptions(exported: DeclarationReflection): boolean {
  return /(?<!Error)Options$/.test(exported.name) && exported.kindOf(ReflectionKind.Interface)
}

function optionProblems(options: DeclarationReflection): string[] {
  // What an interface inherits is judged where it is declared.
  const own = (options.children ?? []).filter(({ inheritedFrom }) => !inheritedFrom?.reflection)
  return own.flatMap((option) => {
    const text = textOf(option)
    const name = nameOf(option)
    if (text === '') return [`${name} has no docstring`]
    const isNumber = option.type?.type === 'intrinsic' && option.type.name === 'number'
    const lacksDefault = option.flags.isOptional && isValue(option.type) && !DEFAULT.test(`${text} ${textOf(options)}`)
    return [
      ...(lacksDefault ? [`${name} may be left out, and does not say its default`] : []),
      ...(isNumber && !UNIT.test(`${text} ${textOf(options)}`) ? [`${name} is a number without a unit`] : []),
    ]
  })
}

/** A function, a signal or an object that is left out is not there; a value has another in its place. */
function isValue(type: SomeType | undefined): boolean {
  if (type?.type === 'union') return type.types.some(isValue)
  return type?.type === 'intrinsic' || type?.type === 'literal' || type?.type === 'array'
}

/** With its page, as two packages may have the same name. */
function nameOf(reflection: DeclarationReflection): string {
  return reflection.getFullName()
}

/** The sentences of a docstring; those of a function stand at its signatures. */
function textOf(reflection: DeclarationReflection): string {
  const type = reflection.type?.type === 'reflection' ? reflection.type.declaration : undefined
  const signatures = [...(reflection.signatures ?? []), ...(type?.signatures ?? [])]
  return [reflection, ...signatures]
    .map(({ comment }) => sentencesOf(comment))
    .join(' ')
    .trim()
}

function sentencesOf(comment: Comment | undefined): string {
  return (comment?.summary ?? []).map(({ text }) => text).join('')
}
