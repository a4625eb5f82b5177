// `npm run reference`: writes the API reference from the docstrings.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { convert } from './convert.ts'
import { REFERENCE } from './pages.ts'
import { referenceFiles } from './reference.ts'

const ROOT: string = join(import.meta.dirname, '../..')

const files = await referenceFiles(await convert())
// A group that was renamed leaves no page.
for (const { package: name } of REFERENCE)
  rmSync(join(ROOT, 'packages', name, 'docs/api'), { recursive: true, force: true })
for (const [path, text] of files) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true })
  writeFileSync(join(ROOT, path), text)
}
