// Finishes the CommonJS copy of each library that `tsc` writes to cjs, in three steps that `tsc` has no option for:
// 1. a package.json there says that its files are CommonJS, as the packages themselves are ES modules;
// 2. `import.meta.url`, which CommonJS does not have, becomes the same URL made of `__filename`;
// 3. `import()` stays `import()` and does not become `require()`, which cannot load ES modules in Jest.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url))
const HERE = "require('node:url').pathToFileURL(__filename).href"
const LAZY_REQUIRE = /Promise\.resolve\(\)\.then\(\(\) => __importStar\(require\(('[^']+')\)\)\)/g

/** The text of one file as Node can run it as CommonJS. */
function finished(source: string): string {
  return source.replaceAll('import.meta.url', HERE).replaceAll(LAZY_REQUIRE, 'import($1)')
}

for (const name of readdirSync(PACKAGES)) {
  const folder = `${PACKAGES}/${name}/cjs`
  if (!existsSync(folder)) continue
  writeFileSync(`${folder}/package.json`, '{ "type": "commonjs" }\n')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  for (const file of files) {
    const path = `${folder}/${file}`
    const source = readFileSync(path, 'utf8')
    const text = finished(source)
    if (text !== source) writeFileSync(path, text)
  }
}
