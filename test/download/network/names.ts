import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const A = 1
const AAAA = 28
/** Two bytes that point at the name in the question. */
const SAME_NAME = 0xc0_0c

/** Which addresses a name has, of one kind, this time. */
export type Zone = (name: string, kind: 'A' | 'AAAA') => readonly Uint8Array[]

/** A name server for one question at a time, which is what resolvers ask (RFC 1035, 4). */
export async function startNames(zone: Zone): Promise<{ close(): void }> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    while (query[at] !== 0) {
      const length = query[at] ?? 0
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += length + 1
    }
    const type = query.readUInt16BE(at + 1)
    const kinds = { [A]: 'A', [AAAA]: 'AAAA' } as const
    const kind = kinds[type as keyof typeof kinds]
    const addresses = kind ? zone(labels.join('.').toLowerCase(), kind) : []
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x81_80, 2)
    header.writeUInt16BE(addresses.length, 6)
    header.writeUInt32BE(0, 8)
    const answers = addresses.map((address) => {
      const record = Buffer.alloc(12)
      record.writeUInt16BE(SAME_NAME, 0)
      record.writeUInt16BE(type, 2)
      record.writeUInt16BE(1, 4)
      record.writeUInt16BE(address.length, 10)
      return Buffer.concat([record, address])
    })
    socket.send(Buffer.concat([header, query.subarray(12, at + 5), ...answers]), from.port, from.address)
  })
  socket.bind(53, '127.0.0.53')
  await once(socket, 'listening')
  return socket
}
