// Loaded before an agent: a connection to anywhere but this machine ends the process, so that no agent phones home.
const { Socket } = require('node:net')
const { connect } = Socket.prototype
const here = new Set(['127.0.0.1', '::1', 'localhost', undefined])

Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given
  if (typeof options === 'object' && options !== null && !options.path && !here.has(options.host)) {
    console.error(`a connection to ${options.host} was tried`)
    process.exit(70)
  }
  return connect.apply(this, given)
}
