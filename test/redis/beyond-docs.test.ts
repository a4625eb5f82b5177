import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'

const src = join(ROOT, 'packages/redis/src')
/** Backends, what is called on them, keys and fields, and what is changed of a job. */
const BEYOND =
  /getBackend|addJobToTransaction|moveStalledJobsToWait|waitForJob|\btoKey\b|'(?:stc|atm|ats|luma:stc|timestamp)'|\.opts\.\w+ =|previousErrors/

test('one file alone uses what BullMQ and ioredis do not document', () => {
  const files = readdirSync(src).filter((file) => BEYOND.test(readFileSync(join(src, file), 'utf8')))
  expect(files).toEqual(['beyond-docs.ts'])
})

test('BullMQ is asked for at the version that is tested', () => {
  const read = (path: string) =>
    JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<string, Record<string, string>>
  const { dependencies } = read('packages/redis/package.json')
  expect(dependencies?.['bullmq']).toMatch(/^\d+\.\d+\.\d+$/)
  expect(read('test/package.json')['devDependencies']?.['bullmq']).toBe(dependencies?.['bullmq'])
})
