import { accepts, type Check } from '../check.ts'
import { told, Unmet } from '../unmet.ts'
import { newTask } from '../endpoint.ts'
import type { Answer } from '../exchange.ts'

/** The provider may send a callback more than once, even after a 200. Each must be answered, and one must be handled. */

const AT_ONCE = 50
const OFTEN = 'the provider may call back more than once for a task'
const RUN_TWICE = `${OFTEN}: if it is handled twice, it is paid, mailed or published twice`

export const duplicateChecks: readonly Check[] = [
  accepts(
    {
      id: 'duplicate',
      level: 'MUST',
      expects: 'answers 200 to a callback that it already has',
      because: `${OFTEN}; after any other answer it sends again`,
    },
    async (endpoint) => {
      const task = newTask()
      const first = await endpoint.send(task)
      return first.status === 200 ? endpoint.send(task) : first
    },
  ),
  {
    id: 'duplicates-at-once',
    level: 'MUST',
    expects: `answers ${AT_ONCE} equal callbacks at once: at least one 200, the others 200 or 503`,
    because: `${OFTEN}; after a 503 it sends again`,
    async run(endpoint) {
      const task = newTask()
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => endpoint.send(task)))
      const wrong = answers.find(({ status }) => status !== 200 && status !== 503)
      if (wrong) throw new Unmet(`one was answered ${told(wrong)}`)
      if (!answers.some(({ status }) => status === 200)) throw new Unmet('none was answered 200')
      await endpoint.thrives()
    },
  },
  accepts(
    {
      id: 'failure-then-success',
      level: 'MUST',
      expects: 'answers 200 to a failure and then to a success of the same task',
      because: 'a task can have contradictory callbacks; both are results',
    },
    async (endpoint) => {
      const task = newTask()
      const first = await endpoint.send({ ...task, outcome: 'failure' })
      return first.status === 200 ? endpoint.send(task) : first
    },
  ),
  {
    id: 'handled',
    level: 'MUST',
    expects: 'handles a callback that it answered 200',
    because: 'a 200 is a promise: the provider does not send again',
    needs: ['probe'],
    async run(endpoint) {
      for (const outcome of ['success', 'failure'] as const) {
        const task = newTask()
        ok(await endpoint.send({ ...task, outcome }))
        await endpoint.handled(task.taskId, 1)
      }
    },
  },
  {
    id: 'spelling-handled',
    level: 'SHOULD',
    expects: 'handles a callback whose task id is spelled data.task_id',
    because: "the provider's sister APIs use this spelling; a result without an id is lost",
    needs: ['probe'],
    async run(endpoint) {
      const { taskId } = newTask()
      const body = JSON.stringify({ code: 500, msg: 'failed', data: { task_id: taskId } })
      ok(await endpoint.send({ taskId, body }))
      await endpoint.handled(taskId, 1)
    },
  },
  {
    id: 'duplicate-handled-once',
    level: 'MUST',
    expects: 'handles a callback once that arrives several times in a row',
    because: RUN_TWICE,
    needs: ['probe'],
    async run(endpoint) {
      const task = newTask()
      for (let time = 0; time < 3; time++) ok(await endpoint.send(task))
      await endpoint.handled(task.taskId, 1)
    },
  },
  {
    id: 'duplicates-at-once-handled-once',
    level: 'MUST',
    expects: `handles a callback once that arrives ${AT_ONCE} times at the same moment`,
    because: `${RUN_TWICE}; a check before a separate write lets two through`,
    needs: ['probe'],
    async run(endpoint) {
      const task = newTask()
      await Promise.all(Array.from({ length: AT_ONCE }, () => endpoint.send(task)))
      await endpoint.handled(task.taskId, 1)
    },
  },
  {
    id: 'both-outcomes-handled',
    level: 'SHOULD',
    expects: 'handles a failure and then a success of the same task, each once',
    because: 'treating the success as a duplicate of the failure loses a paid result',
    needs: ['probe'],
    async run(endpoint) {
      const task = newTask()
      for (const outcome of ['failure', 'success', 'failure', 'success'] as const) {
        ok(await endpoint.send({ ...task, outcome }))
      }
      await endpoint.handled(task.taskId, 2)
    },
  },
  {
    id: 'contradiction-not-handled',
    level: 'SHOULD',
    expects: 'answers a second success with other result URLs 200, and does not handle it',
    because: 'the signature does not cover the body, so this may be a forgery',
    needs: ['probe'],
    async run(endpoint) {
      const task = newTask()
      ok(await endpoint.send(task))
      ok(await endpoint.send({ ...task, resultUrls: endpoint.resultUrls(2) }))
      await endpoint.handled(task.taskId, 1)
    },
  },
]

function ok(answer: Answer): void {
  if (answer.status !== 200) throw new Unmet(`answered ${told(answer)}`)
}
