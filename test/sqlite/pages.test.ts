import { join } from 'node:path'
import { expect, test } from 'vitest'
import { callbackOf, openInbox, temporaryFolder } from '../helpers/inboxes.ts'

test.each([1, 49, 50, 51, 99, 100, 101, 149, 150, 151, 1_000])(
  'pages of %i at most hold all there is once, in its order, and only the last one has no cursor',
  async (limit) => {
    const inbox = openInbox(join(temporaryFolder(), 'luma.db'))
    // All at one time, so that only their ids tell them apart.
    const receivedAt = new Date()
    const names = Array.from({ length: 150 }, (_, index) => `task-${index}`)
    await Promise.all(names.map((name) => inbox.record(callbackOf(name, receivedAt))))
    for (const [state, expected] of [['pending', names] as const, [undefined, names.toReversed()] as const]) {
      const listed: string[] = []
      let cursor: string | undefined
      do {
        const page = await inbox.list({ state, limit, cursor })
        expect(page.entries).toHaveLength(Math.min(limit, 150 - listed.length))
        listed.push(...page.entries.map(({ taskId }) => taskId))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(listed).toEqual(expected)
    }
  },
)
