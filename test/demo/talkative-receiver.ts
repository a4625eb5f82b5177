import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A receiver that answers and never falls silent. */
const server = createServer((request, response) => {
  request.resume()
  response.end('{"status":"received"}')
})
server.listen(Number(process.env['PORT']), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  setInterval(() => console.log('still here'), 20)
})
