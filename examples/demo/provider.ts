import type { Simulator } from '@luma-callback/testing'

/** Submits a task through the API, as your own system would, and gives its id. */
export async function submit({ url, apiKey }: Simulator, callBackUrl: string, prompt: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/modify/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt, videoUrl: 'https://files.example/original.mp4', callBackUrl }),
  })
  const { code, msg, data } = (await response.json()) as { code: number; msg: string; data?: { taskId: string } }
  if (code !== 200 || !data) throw new Error(`the provider refused a task: ${code} ${msg}`)
  return data.taskId
}
