import { randomInt } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { createApi } from './api.ts'
import { createCourier } from './deliveries.ts'
import type { SimulatorDelivery } from './events.ts'
import { createEmit } from './events.ts'
import { createFiles, readVideo } from './files.ts'
import { seeded } from './seeded.ts'
import { readOptions, type SimulatorOptions } from './options.ts'
import { listen, serve, urlOf } from './server.ts'
import { summarize, type SimulatorSummary } from './summary.ts'
import { viewTask, type Task } from './task.ts'
import type { SimulatorRequest, SimulatorTask } from './events.ts'
import { createTasks } from './tasks.ts'

/** A running simulator of the provider. */
export interface Simulator {
  /** Its URL, for use instead of `https://api.kie.ai`; without a slash at the end. */
  readonly url: string
  readonly apiKey: string
  /** The seed of all random decisions. Pass it as the option `seed` to repeat them. */
  readonly seed: number
  /** The current state of all tasks, in the order of submission. */
  readonly tasks: readonly SimulatorTask[]
  /** All finished deliveries, in the order of their ends. */
  readonly deliveries: readonly SimulatorDelivery[]
  /**
   * Submits a task without HTTP, so that tasks have the order of the calls. `prompt` and `videoUrl` have defaults.
   *
   * @returns the task's id.
   * @throws Error with the `code` and `msg` that the API would answer, or if the simulator is closed.
   */
  submit(request?: Partial<SimulatorRequest>): string
  /** Resolves when every task is finished and called back, with all retries, duplicates and contradictions. */
  idle(): Promise<void>
  /** The counts so far. */
  summary(): SimulatorSummary
  /** Ends all work, and closes the server and its connections. */
  close(): Promise<void>
}

/**
 * Starts a server that behaves like the provider: it accepts tasks, finishes them after a while, calls their `callBackUrl`, gives
 * their details, and serves their result files.
 *
 * @param options Times in milliseconds, shares from 0 to 1. All have defaults.
 * @throws TypeError that names the option that is wrong or unknown; Error if the port is not available.
 *
 * @example
 * ```ts
 * import { startSimulator } from '@luma-callback/testing'
 *
 * const simulator = await startSimulator({ generationTime: 10, duplicates: 1 })
 * simulator.submit({ callBackUrl: 'http://localhost:3000/luma-modify-callback' })
 * await simulator.idle()
 * console.log(simulator.summary())
 * await simulator.close()
 * ```
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = readOptions(options, randomInt(2 ** 32))
  const { seed, apiKey, host } = settings
  const video = await readVideo()
  const server = await listen(settings.port, host)
  const url = urlOf(server, host)

  const closing = new AbortController()
  const { signal } = closing
  // Every delivery and every pause adds a listener.
  setMaxListeners(0, signal)
  let refused = 0
  const observe = createEmit(settings.observe)
  const emit: typeof observe = (event) => {
    if (event.type === 'refused') refused++
    observe(event)
  }

  const linkRandom = seeded(seed, 'links')
  const files = createFiles({ base: url, settings, nameLink: (number) => linkRandom.hex(String(number)) })
  const keep = (name: string, { plan }: Task) => files.keep(name, { ...plan.files, createdAt: Date.now() })
  const courier = createCourier({ settings, emit, signal, otherUrl: (task) => keep(task.plan.files.otherName, task) })
  const keepFiles = (task: Task) => [keep(task.plan.files.name, task)]
  const tasks = createTasks({ settings, courier, emit, signal, keepFiles })
  const api = createApi({ settings, tasks, files, emit })
  serve(server, api, { files, video, emit })

  let closed: Promise<void> | undefined
  async function shutDown(): Promise<void> {
    closing.abort()
    const isClosed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await Promise.all([isClosed, tasks.idle()])
  }

  return {
    url,
    apiKey,
    seed,
    get tasks() {
      return tasks.all.map(viewTask)
    },
    get deliveries() {
      return [...courier.deliveries]
    },
    submit(request) {
      if (signal.aborted) throw new Error('the simulator is closed')
      const { code, msg, data } = api.submit({ ...SAMPLE_REQUEST, ...request })
      if (code !== 200) throw new Error(`the simulator answered ${code}: ${msg}`)
      return (data as { taskId: string }).taskId
    },
    idle: tasks.idle,
    summary: () => summarize({ tasks: tasks.all, deliveries: courier.deliveries, refused }),
    close: () => (closed ??= shutDown()),
  }
}

const SAMPLE_REQUEST: SimulatorRequest = {
  prompt: 'A futuristic cityscape at night, with flying vehicles between the towers.',
  videoUrl: 'https://files.example/original.mp4',
}
