import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A receiver with a bug: what comes ends the process. */
const server = createServer(() => {
  throw new Error('a bug in the receiver')
})
server.listen(Number(process.env['PORT']), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
