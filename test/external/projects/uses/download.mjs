import { saveResults } from '@luma-callback/download'
import { startSimulator } from '@luma-callback/testing'

const simulator = await startSimulator({ generationTime: 1 })
const taskId = simulator.submit()
await simulator.idle()
const [{ resultUrls }] = simulator.tasks
const [video] = await saveResults({ taskId, resultUrls }, { to: 'videos', allowHttp: true, allowPrivate: true })
await simulator.close()
if (!(video.bytes > 0)) throw new Error('nothing was saved')
