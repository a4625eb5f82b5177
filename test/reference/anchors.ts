/** What a link to a page can lead to: its headings, of which GitHub numbers those that come again, and the rows of its tables. */
export function anchorsOf(text: string): Set<string> {
  const withoutPrograms = text.replaceAll(/^```[^]*?^```$/gm, '')
  const seen = new Map<string, number>()
  const headings = [...withoutPrograms.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
  return new Set([...headings, ...[...withoutPrograms.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)])
}
