import { parseCallback, type LumaCallback } from '@luma-callback/core'
import { sampleCallback } from '../samples.ts'

export interface CallbackOptions {
  outcome?: LumaCallback['outcome']
  /** What the callback is recorded under, instead of its default key. */
  key?: string
  /** What tells its content from another's. */
  content?: string
}

/** A callback of a task, the same content each time, as it would come out of the handler. */
export function callbackOf(taskId: string, { content = 'video', ...options }: CallbackOptions = {}): LumaCallback {
  return sampleCallback({
    taskId,
    msg: content,
    resultUrls: [`https://files.example/${content}.mp4`],
    query: { order: '17', name: 'Zoë 🦊' },
    ...options,
  })
}

/** A callback whose every part is as odd as it may be. */
export function hostileCallback(): LumaCallback {
  const prompt = JSON.stringify({ prompt: `🦊 e\u0301 \u00e9 ${'long '.repeat(40_000)}` })
  const data = { taskId: "a'; -- 🦊", promptJson: prompt, resultUrls: ['https://files.example/ü.mp4?a=b&c=%00#d'] }
  // Escapes, white space and names given twice are as much of the text as anything else.
  const raw = `\r\n\t ${JSON.stringify({ code: 200, msg: '\u0000 \ud800 "\\', data })}`.replace(
    '{',
    '{ "msg": "\\u00e9", ',
  )
  const query = { '': '', 'a\0b': '\0', constructor: 'x', order: 'Zoë 🦊 \n "\'', 'e\u0301': '1', '\u00e9': '2' }
  return parseCallback({ raw, query, receivedAt: new Date(Date.now() - 1_234), key: 'A key\0 🦊 \ud800' })
}

/** Keys of a user's own making that a store must bear, and keep apart. */
export const HOSTILE_KEYS: readonly string[] = [
  'a',
  'A',
  'a ',
  ' a',
  'a\0',
  'a\0b',
  '\u00e9',
  'e\u0301',
  '\ud83e\udd8a',
  '\ud800',
  '\ud801',
  '\ufffd',
  '../../etc/passwd',
  'a:b',
  'a*',
  'a%',
  "a'; DROP TABLE seen; --",
  '__proto__',
  'constructor',
  'line\nbreak',
  'x'.repeat(1_000_000),
  `${'x'.repeat(999_999)}y`,
]
