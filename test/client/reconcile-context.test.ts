import { AsyncLocalStorage } from 'node:async_hooks'
import { reconcile } from '@luma-callback/client'
import { expect, onTestFinished, test } from 'vitest'
import { clientOf, serveReceiver } from '../helpers/api.ts'
import { apiOf, open, succeeded } from './reconciler.ts'

const storage = new AsyncLocalStorage<string>()

test('a sweep runs in the context that the reconciler was made in, and so do the hooks of what it finds', async () => {
  const api = await apiOf(succeeded)
  const notes: [what: string, context: string | undefined][] = []
  const note = (what: string): void => void notes.push([what, storage.getStore()])
  let tasks = open()
  const { handler } = await serveReceiver({ onSuccess: () => note('hook') })
  const reconciler = storage.run('making', () =>
    reconcile({
      client: clientOf(api),
      receiver: handler,
      interval: 3_600_000,
      overdueAfter: 1,
      rate: 1_000,
      pending() {
        note('pending')
        storage.enterWith('entered by pending')
        return tasks
      },
      observe: ({ type }) => note(type),
    }),
  )
  onTestFinished(() => reconciler.close())
  await reconciler.sweep()
  notes.length = 0
  tasks = open('a')
  await storage.run('request', () => reconciler.sweep())
  expect(notes.map(([what]) => what)).toEqual(['pending', 'hook', 'found'])
  // What the user's own function enters is the sweep's from there on, and no later one's.
  expect(notes.map(([, context]) => context)).toEqual(['making', 'entered by pending', 'entered by pending'])
  notes.length = 0
  await storage.run('request', () => reconciler.sweep())
  expect(notes[0]).toEqual(['pending', 'making'])
})
