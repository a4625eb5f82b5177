import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A receiver like those that people copy: it takes whatever comes, as often as it comes. */
const server = createServer((request, response) => {
  request.resume()
  console.log('task 1 succeeded: as far as this receiver knows')
  response.end('{"status":"received"}')
})
server.listen(0, '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
