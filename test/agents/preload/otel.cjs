const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { KoaInstrumentation } = require('@opentelemetry/instrumentation-koa')
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')

let seen = 0
const counter = {
  onStart() {},
  onEnd: ({ instrumentationScope, instrumentationLibrary }) => {
    if (/express|koa/.test((instrumentationScope ?? instrumentationLibrary).name)) seen++
  },
  forceFlush: async () => {},
  shutdown: async () => {},
}
new NodeTracerProvider({ spanProcessors: [counter] }).register()
registerInstrumentations({
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), new KoaInstrumentation()],
})
// What the agent has seen of the framework: zero means that it is not at work.
globalThis.agentSeen = () => seen
