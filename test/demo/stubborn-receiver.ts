import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A receiver that never falls silent, never answers, and does not end when it is told to. */
const server = createServer((request) => {
  request.resume()
  console.log('a request is here')
})
server.listen(Number(process.env['PORT']), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  setInterval(() => console.log('still here'), 20)
})
process.on('SIGTERM', () => {})
