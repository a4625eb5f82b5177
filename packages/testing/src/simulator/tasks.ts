import type { Courier } from './deliveries.ts'
import type { Emit } from './events.ts'
import type { SimulatorSettings } from './options.ts'
import { pause } from './pause.ts'
import { planTask } from './plan.ts'
import { createTask, viewTask, type Task } from './task.ts'
import type { SimulatorRequest } from './events.ts'
import { createTurns } from './turns.ts'

/** Runs each task from its submission to its last callback. */
export interface Tasks {
  readonly all: readonly Task[]
  find(taskId: string): Task | undefined
  submit(request: SimulatorRequest): Task
  /** Resolves when no task is running. */
  idle(): Promise<void>
}

export interface TasksOptions {
  settings: SimulatorSettings
  courier: Courier
  emit: Emit
  /** Ends all running tasks. */
  signal: AbortSignal
  /** Stores the result file of a successful task, and gives its URLs. */
  keepFiles: (task: Task) => readonly string[]
}

export function createTasks({ settings, courier, emit, signal, keepFiles }: TasksOptions): Tasks {
  const tasks = new Map<string, Task>()
  const all: Task[] = []
  const turns = createTurns()
  const waiting = new Set<() => void>()
  let underWay = 0
  signal.addEventListener('abort', turns.close, { once: true })

  async function run(task: Task): Promise<void> {
    await pause(task.generationTime, signal)
    if (signal.aborted) return
    task.completeTime = Date.now()
    task.state = task.plan.outcome === 'success' ? 'success' : 'failure'
    if (task.state === 'success') task.resultUrls = keepFiles(task)
    emit({ type: 'generated', task: viewTask(task) })
    if (task.callBackUrl === undefined) return
    if (task.plan.isHeldBack) await turns.overtaken(task.number)
    if (signal.aborted) return
    await courier.callBack(task, task.callBackUrl, () => turns.passed(task.number))
  }

  function submit(request: SimulatorRequest): Task {
    const number = all.length + 1
    const task = createTask(request, number, planTask(settings, number))
    tasks.set(task.taskId, task)
    all.push(task)
    if (task.callBackUrl !== undefined) turns.expect(number)
    emit({ type: 'submitted', task: viewTask(task) })
    underWay++
    void run(task).finally(settle)
    return task
  }

  function settle(): void {
    underWay--
    if (underWay > 0) return
    for (const resolve of waiting) resolve()
    waiting.clear()
  }

  return {
    all,
    find: (taskId) => tasks.get(taskId),
    submit,
    async idle() {
      if (underWay > 0) await new Promise<void>((resolve) => waiting.add(resolve))
    },
  }
}
