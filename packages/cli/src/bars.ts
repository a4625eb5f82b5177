import type { Progress } from '@luma-callback/download'
import { MultiBar, type SingleBar } from 'cli-progress'
import { byteSize, duration } from './numbers.ts'

const WIDTH = 24

/** Progress bars of downloads, one line each. They are shown on a terminal only. */
export interface Bars {
  show(progress: Progress): void
  stop(): void
}

export function createBars(): Bars {
  const bars = new MultiBar({
    stream: process.stderr,
    format: (_options, _params, payload) => lineOf(payload as Progress),
    clearOnComplete: true,
    hideCursor: true,
  })
  const shown = new Map<string, SingleBar>()
  return {
    show(progress) {
      const bar = shown.get(progress.url) ?? bars.create(1, 0, progress)
      shown.set(progress.url, bar)
      bar.update(progress)
    },
    stop: () => bars.stop(),
  }
}

export function lineOf({ url, received, total, rate }: Progress): string {
  const name = new URL(url).pathname.split('/').at(-1) ?? ''
  // The server may send more than it said; the download fails only a moment later.
  const left = Math.max(0, (total ?? 0) - received)
  const end = `${byteSize(rate)}/s${total !== undefined && rate > 0 ? `, ${duration((left / rate) * 1_000)} left` : ''}`
  if (total === undefined) return `${byteSize(received)}  ${end}  ${name}`
  const part = Math.min(1, received / Math.max(1, total))
  const filled = Math.round(part * WIDTH)
  const percent = String(Math.floor(part * 100)).padStart(3)
  return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent} %  ${byteSize(received)} of ${byteSize(total)}  ${end}  ${name}`
}
