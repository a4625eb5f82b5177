import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ThreadData } from './messages.ts'

/**
 * Starts the thread that works on a file. It loads nothing of the program's own: a preload of an agent that opens a port,
 * refuses threads or never ends would take every callback with it.
 */
export function startThread(data: ThreadData): Worker {
  // Node runs the preloads and loaders of this variable in each thread that has it, whatever `execArgv` says.
  const { NODE_OPTIONS: _, ...env } = process.env
  // In the package it is JavaScript; run from its sources it is not.
  return new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: data,
    env,
    // Older Nodes warn that node:sqlite is experimental.
    execArgv: ['--disable-warning=ExperimentalWarning', ...packageManagerHooks()],
  })
}

/** Under Yarn's Plug'n'Play no package is found without its hooks, which are in NODE_OPTIONS too. */
function packageManagerHooks(): string[] {
  if (process.versions['pnp'] === undefined) return []
  const hooks = createRequire(import.meta.url).resolve('pnpapi')
  const loader = new URL('.pnp.loader.mjs', pathToFileURL(hooks))
  return ['--require', hooks, ...(existsSync(loader) ? ['--experimental-loader', loader.href] : [])]
}
