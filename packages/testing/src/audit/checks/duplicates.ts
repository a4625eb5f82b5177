import { accepts, type Check } from '../check.ts'
import { told, Unmet } from '../unmet.ts'
import { newTask } from '../endpoint.ts'
import type { Answer } from '../exchange.ts'

/** The provider calls back more than once, also after a 200. Each has to be answered, and one has to be handled. */

const AT_ONCE = 50
const OFTEN = 'the provider may call back more than once for a task'
const RUN_TWICE = `${OFTEN}: what is handled twice is paid, mailed or published twice`

export const duplicateChecks: readonly Check[] = [
  accepts(
    {
      id: 'duplicate',
      level: 'MUST',
      expects: 'answers a callback that it has had before 200',
      because: `${OFTEN}; another answer makes it go on sending`,
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
    because: `${OFTEN}; a 503 lets it come back`,
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
      expects: 'answers a failure and then a success of the same task 200',
      because: 'contradictory callbacks of one task happen; both are results',
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
    expects: 'handles what it answered 200',
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
    expects: 'handles a task whose id is spelled data.task_id under that id',
    because: "the provider's sister APIs spell it so; a result without an id is lost",
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
    expects: 'handles a callback that comes twice, one after the other, once',
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
    expects: `handles ${AT_ONCE} equal callbacks at once, once`,
    because: `${RUN_TWICE}; looking first and noting afterwards lets two through`,
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
    because: 'to take the success for a duplicate of the failure loses a paid result',
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
    because: 'the signature does not cover the body: this is what tampering looks like',
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
