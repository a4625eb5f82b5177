// Prints how errors of ours are told in this program: as it stands, or in a bundle that leaves some packages out. Those then
// bring a second copy of core. What is printed must be the same each time, but for the number of copies.
import { ApiError, confirm } from '@luma-callback/client'
import { ClosedError, createHandler, isLumaError, UnrecoverableError } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'

const RAW = JSON.stringify({
  code: 200,
  msg: 'ok',
  data: { taskId: 'task-1', resultUrls: ['https://files.example/1.mp4'] },
})
const REQUEST = { method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, rawBody: RAW }
const ONE_ATTEMPT = { attempts: 1, minDelay: 1, maxDelay: 1 }

/** A receiver, and the types of the events that it told. */
function receiver(inbox, options) {
  const events = []
  let end
  const isOver = new Promise((resolve) => (end = resolve))
  const handler = createHandler({
    onSuccess: () => {},
    ...options,
    inbox,
    verify: () => true,
    observe({ type }) {
      events.push(type)
      if (type === 'dead' || type === 'delivered') end()
    },
  })
  return { handler, events, isOver }
}

const scenarios = {
  /** A hook says that no retry will help. */
  async unrecoverable(file) {
    const inbox = sqliteInbox(file)
    const { handler, events, isOver } = receiver(inbox, {
      onSuccess() {
        throw new UnrecoverableError('no such order')
      },
    })
    await handler.handle(REQUEST)
    await isOver
    const { state, attempts, failureCode, lastError } = await inbox.get('task-1:success')
    await handler.close()
    return { events, state, attempts, failureCode, lastError }
  },

  /** The API knows no such task. */
  async forged(file) {
    const unknown = { code: 'ERR_LUMA_API_NOT_FOUND', retryable: false, mayHaveActed: false }
    const details = async () => {
      throw new ApiError('there is no such task', unknown)
    }
    const inbox = sqliteInbox(file)
    const { handler, events, isOver } = receiver(inbox, { trust: confirm({ details }), retry: ONE_ATTEMPT })
    await handler.handle(REQUEST)
    await isOver
    const { state, failureCode } = await inbox.get('task-1:success')
    await handler.close()
    return { events, state, failureCode }
  },

  /** The same callback in the next release of the program, and now the API bears it out. */
  async borneOut(file) {
    const hooks = []
    const { handler, events, isOver } = receiver(sqliteInbox(file), {
      onSuccess: ({ taskId }) => hooks.push(taskId),
      trust: { confirm: async (callback) => callback },
    })
    const { status } = await handler.handle(REQUEST)
    await isOver
    await handler.close()
    return { status, hooks, events }
  },

  /** The program closes its inbox before its receiver. */
  async closed(file) {
    const inbox = sqliteInbox(file)
    const { handler } = receiver(inbox, {})
    await handler.start()
    await inbox.close()
    const { status, body } = await handler.handle(REQUEST)
    const error = await inbox.stats().catch((thrown) => thrown)
    const copies = error instanceof ClosedError ? 1 : 2
    await handler.close()
    return { status, error: JSON.parse(body).error, isClosed: isLumaError(error, 'ERR_LUMA_CLOSED'), copies }
  },
}

async function main([name, file]) {
  console.log(JSON.stringify(await scenarios[name](file)))
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
