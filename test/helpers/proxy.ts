import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A network between a client and a server on this machine, that can fail. */
export interface Proxy {
  port: number
  /** Nothing comes through any more, in either direction, and nobody is told: a cable was pulled. */
  stall(): void
  /** It comes through again; what was under way before does not. */
  heal(): void
  /** New connections lead to the server on this port; those that are open stay where they are. */
  leadTo(port: number): void
}

export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let isStalled = false
  let target = targetPort

  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => {
        if (!isStalled) to.write(data)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        if (!isStalled) to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    stall() {
      isStalled = true
    },
    heal() {
      isStalled = false
      for (const socket of sockets) socket.destroy()
    },
    leadTo(port) {
      target = port
    },
  }
}
