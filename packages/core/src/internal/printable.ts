const MOST_CHARACTERS = 300

/**
 * What strangers sent, made fit for a line of a log or a terminal: it is cut short, and what would break the line, colour
 * the terminal or turn the direction of writing is written out, so that no input can forge a line.
 *
 * @param options.most - Characters that are kept; 300 by default.
 */
export function printable(text: string, { most = MOST_CHARACTERS }: { most?: number } = {}): string {
  const visible = text
    .slice(0, most)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
  return text.length > most ? `${visible}… (${text.length} characters)` : visible
}
