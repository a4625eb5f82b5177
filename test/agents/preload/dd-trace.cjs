const { subscribe } = require('node:diagnostics_channel')

require('dd-trace/init')

let seen = 0
for (const name of ['express', 'router', 'koa']) subscribe(`apm:${name}:middleware:enter`, () => seen++)
globalThis.agentSeen = () => seen
