import { createClient, pollResult } from '@luma-callback/client'
import { startSimulator } from '@luma-callback/testing'

const simulator = await startSimulator({ generationTime: 1 })
const client = createClient({ apiKey: simulator.apiKey, baseUrl: simulator.url })
const { taskId } = await client.modify({ prompt: 'snow', videoUrl: 'https://files.example/fox.mp4' })
const { outcome } = await pollResult(client, taskId, { interval: 20 })
await simulator.close()
if (outcome !== 'success') throw new Error(`the task ended as ${outcome}`)
