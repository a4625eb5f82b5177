import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished, type TestContext } from 'vitest'

/**
 * Starts a server on a free port; it is closed, with its connections, when the test is over. A test that runs beside
 * others of its file has to hand in its own `onTestFinished`.
 */
export async function listen(
  server: Server | SecureServer,
  onFinished: TestContext['onTestFinished'] = onTestFinished,
): Promise<{ url: string; port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${port}`, port }
}
