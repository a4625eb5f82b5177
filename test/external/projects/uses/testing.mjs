import { createServer } from 'node:http'
import { once } from 'node:events'
import { startSimulator } from '@luma-callback/testing'

// The simulator calls a receiver back and takes its 200 for an end.
const server = createServer((request, response) => request.resume().on('end', () => response.end())).listen(0)
await once(server, 'listening')
const simulator = await startSimulator({ generationTime: 1, retries: 0 })
simulator.submit({ callBackUrl: `http://127.0.0.1:${server.address().port}/` })
await simulator.idle()
const [{ callback }] = simulator.tasks
await simulator.close()
server.close()
server.closeAllConnections()
if (callback !== 'delivered') throw new Error(`the callback is ${callback}`)
