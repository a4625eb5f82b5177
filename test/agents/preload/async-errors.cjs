// It asks for `express`, meaning the Express 4 of whoever installed it; here that is called `express4`.
const Module = require('node:module')
const { dirname } = require('node:path')

const express4 = dirname(require.resolve('express4/package.json'))
const resolve = Module._resolveFilename
Module._resolveFilename = function (request, ...more) {
  return resolve.call(this, request.replace(/^express(?=\/)/, express4), ...more)
}
require('express-async-errors')
const Layer = require(`${express4}/lib/router/layer`)

globalThis.agentSeen = () => (Object.getOwnPropertyDescriptor(Layer.prototype, 'handle')?.set ? 1 : 0)
