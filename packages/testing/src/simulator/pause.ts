/** Resolves after `delay` milliseconds, or as soon as the signal aborts. */
export function pause(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(end, delay)
    signal.addEventListener('abort', end, { once: true })

    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}
