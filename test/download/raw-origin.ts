import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

type RawAnswer = (socket: Socket, request: string, count: number) => void

/** A server that says byte by byte what the test says, for answers that Node's own would not give. */
export async function startRawOrigin(answer: RawAnswer): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    const count = sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', (request) => answer(socket, request.toString(), count))
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/video.mp4`, sockets }
}
