import '@sentry/node/import'
import './sentry.cjs'
