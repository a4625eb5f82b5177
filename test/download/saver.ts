// Saves a URL of this machine into a directory, in a process of its own, and tells how that went.
import { readdirSync } from 'node:fs'
import { saveUrl, type DownloadError } from '@luma-callback/download'

const NOBODY = 65_534
const [url = '', to = '', attempts = '5'] = process.argv.slice(2)
if (process.env['AS_NOBODY'] && process.getuid?.() === 0) {
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
const retry = { attempts: Number(attempts), minDelay: 1 }
try {
  const saved = await saveUrl(url, { to, name: 'big', allowHttp: true, allowPrivate: true, retry })
  console.log(`saved ${JSON.stringify(saved)}`)
} catch (thrown) {
  const { code, message, retryable } = thrown as DownloadError
  console.log(`failed ${JSON.stringify({ code, message, retryable, left: readdirSync(to) })}`)
  process.exitCode = 1
}
