// Saves one URL, and prints the most memory that it took, in MB.
import { saveUrl } from '@luma-callback/download'

const [url = '', to = ''] = process.argv.slice(2)
await saveUrl(url, { to, allowHttp: true, allowPrivate: true })
console.log(Math.round(process.resourceUsage().maxRSS / 1_000))
