const MOST_CHARACTERS = 300

/**
 * Makes foreign text safe for a log or a terminal. It is shortened, and characters that break the line, control the terminal or
 * change the direction of writing are escaped, so that no input can fake a log line.
 *
 * @param options.most - The most characters to keep. Default: 300.
 */
export function printable(text: string, { most = MOST_CHARACTERS }: { most?: number } = {}): string {
  const visible = text
    .slice(0, most)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
  return text.length > most ? `${visible}… (${text.length} characters)` : visible
}
