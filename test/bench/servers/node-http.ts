import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/** The limit: Node's own server that reads, parses and answers, and nothing else. */
const server = createServer((request, response) => {
  void text(request).then((body) => {
    JSON.parse(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"received"}')
  })
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
