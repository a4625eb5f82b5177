/** Ends the command with a message for the person at the terminal. */
export class Failure extends Error {
  readonly exitCode: 1 | 2
  /** What to do about it. */
  readonly hint: string | undefined

  /** @param options.exitCode - 1 if the answer is no, 2 if there is none. */
  constructor(message: string, { exitCode, hint }: { exitCode: 1 | 2; hint?: string }) {
    super(message)
    this.exitCode = exitCode
    this.hint = hint
  }
}

/** Somebody ended the command; they know. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`ended by ${signal}`)
    this.exitCode = signal === 'SIGINT' ? 130 : 143
  }
}

/** Aborts with {@link Interrupted} at the first Ctrl-C; the second ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(new Interrupted(signal)))
  }
  return controller.signal
}
