/**
 * Resolves with the result of a call that takes no signal, or rejects with the signal's reason as soon as it aborts. The
 * call itself may go on; its result is then ignored.
 */
export function orAborted<Result>(signal: AbortSignal, call: () => Result | Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    void invoke(call)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

async function invoke<Result>(call: () => Result | Promise<Result>): Promise<Result> {
  return call()
}
