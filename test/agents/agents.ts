/** An agent or a wrapper, and how a process is started under it. */
export interface Agent {
  name: string
  /** How the application loads its framework. */
  modules: 'require' | 'import'
  frameworks: readonly FrameworkName[]
  execArgv: readonly string[]
  env: Readonly<Record<string, string>>
  /** What a user wraps the receiver in. */
  wrapper?: 'express-async-handler' | 'koa-compose'
  /** Where its wrapper carries neither the receiver's properties nor a link to it. */
  hides?: readonly FrameworkName[]
}

export type FrameworkName = 'Express 5' | 'Express 4' | 'Koa 3' | 'Koa 2'

const ALL = ['Express 5', 'Express 4', 'Koa 3', 'Koa 2'] as const
const KOA = ['Koa 3', 'Koa 2'] as const
const NEWEST = ['Express 5', 'Koa 3'] as const
const offline = ['--require', './preload/offline.cjs']

const QUIET_DATADOG = {
  DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_CRASHTRACKING_ENABLED: 'false',
  DD_RUNTIME_METRICS_ENABLED: 'false',
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_TRACE_LOG_LEVEL: 'error',
}
const QUIET_ELASTIC = {
  ELASTIC_APM_SERVER_URL: 'http://127.0.0.1:9',
  ELASTIC_APM_DISABLE_SEND: 'true',
  ELASTIC_APM_CENTRAL_CONFIG: 'false',
  ELASTIC_APM_CLOUD_PROVIDER: 'none',
  ELASTIC_APM_METRICS_INTERVAL: '0s',
  ELASTIC_APM_LOG_LEVEL: 'off',
  ELASTIC_APM_SERVICE_NAME: 'luma',
}

export const agents: readonly Agent[] = [
  { name: 'none', modules: 'require', frameworks: ALL, execArgv: offline, env: {} },
  preloaded('OpenTelemetry', 'otel', { hides: KOA }),
  preloaded('Sentry', 'sentry', { hides: KOA }),
  preloaded('dd-trace', 'dd-trace', { env: QUIET_DATADOG }),
  preloaded('Elastic APM', 'elastic', { env: QUIET_ELASTIC }),
  preloaded('express-async-errors', 'async-errors', { frameworks: ['Express 4'] }),
  {
    name: 'express-async-handler',
    modules: 'require',
    frameworks: ['Express 5', 'Express 4'],
    execArgv: offline,
    env: {},
    wrapper: 'express-async-handler',
    hides: ['Express 5', 'Express 4'],
  },
  {
    name: 'koa-compose',
    modules: 'require',
    frameworks: KOA,
    execArgv: offline,
    env: {},
    wrapper: 'koa-compose',
    hides: KOA,
  },
  preloaded('OpenTelemetry, ES modules', 'otel', { modules: 'import', frameworks: NEWEST, hides: KOA }),
  preloaded('Sentry, ES modules', 'sentry', { modules: 'import', frameworks: NEWEST, hides: KOA }),
  preloaded('dd-trace, ES modules', 'dd-trace', { modules: 'import', frameworks: NEWEST, env: QUIET_DATADOG }),
]

function preloaded(name: string, file: string, more: Partial<Agent>): Agent {
  // Sentry asks for --import, whatever the application is written in.
  const isImported = more.modules === 'import' || file === 'sentry'
  const preload = isImported ? ['--import', `./preload/${file}.mjs`] : ['--require', `./preload/${file}.cjs`]
  return { name, modules: 'require', frameworks: ALL, env: {}, execArgv: [...offline, ...preload], ...more }
}
