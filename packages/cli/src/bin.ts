#!/usr/bin/env node
// An older Node cannot load the main module, so this check comes first.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 20 || (major === 20 && minor >= 19)) {
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  console.error(`error: luma-callback needs Node 20.19 or later, this is ${process.versions.node}`)
  process.exitCode = 2
}
