/**
 * What a call gives, or the signal's reason as soon as it aborts, for calls to whom nobody can say that it is over. What was
 * called may go on; nobody hears of it then.
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
