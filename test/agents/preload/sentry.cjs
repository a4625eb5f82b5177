const Sentry = require('@sentry/node')

let seen = 0
async function send(envelope) {
  seen += JSON.stringify(envelope).match(/auto\.http\.(?:express|koa)/g)?.length ?? 0
  return {}
}
Sentry.init({
  dsn: 'http://key@127.0.0.1:9/1',
  tracesSampleRate: 1,
  transport: () => ({ send, flush: async () => true }),
})
globalThis.agentSeen = async () => {
  await Sentry.flush(5_000)
  return seen
}
