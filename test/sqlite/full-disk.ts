// Fills the disk that a folder is on, and tells how a receiver with its inbox there took it.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHandler } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { signedHeaders, SECRET, successOf } from '../helpers/signed.ts'

const [folder = ''] = process.argv.slice(2)
const ballast = join(folder, 'ballast')
writeFileSync(ballast, Buffer.alloc(2_000_000))

let delivered = 0
const inbox = sqliteInbox(join(folder, 'luma.db'), { pollInterval: 20 })
const handler = createHandler({
  onSuccess: () => {
    delivered++
  },
  secret: SECRET,
  inbox,
  // What fails is expected here; it is the answers that count.
  observe: () => {},
})
await handler.start()

async function send(taskId: string): Promise<number> {
  const { body } = successOf(taskId)
  const request = { method: 'POST', url: '/', headers: signedHeaders(taskId), rawBody: body }
  return (await handler.handle(request)).status
}

async function sendMany(name: string, count: number): Promise<number> {
  let accepted = 0
  for (let index = 0; index < count; index++) if ((await send(`${name}-${index}`)) === 200) accepted++
  return accepted
}

let accepted = 0
while ((await send(`first-${accepted}`)) === 200) accepted++
const refused = 20 - (await sendMany('refused', 20))
if (existsSync(ballast)) rmSync(ballast)
const laterAccepted = await sendMany('later', 20)
const isDone = (): boolean => delivered >= accepted + laterAccepted
for (let waited = 0; !isDone() && waited < 60_000; waited += 20) await sleep(20)
await handler.close()
console.log(JSON.stringify({ accepted, refused, laterAccepted, delivered }))
