// Samples for tests of your own
export { sampleCallback, signedRequest } from './samples.ts'
export type { SampleCallbackOptions, SampleOptions, SampleRequest, SignedRequestOptions } from './samples.ts'

// The audit of an endpoint
export { auditChecks, auditEndpoint, type AuditOptions } from './audit/audit.ts'
export { auditMarkdown, type AuditReport, type AuditResult, type Verdict } from './audit/report.ts'
export { NoAnswer } from './audit/exchange.ts'
export type { Expectation, Level, Need } from './audit/check.ts'

// Contract suites for inboxes and dedupe stores
export { inboxContract, type Guarantee, type InboxContractOptions } from './contracts/inbox-contract.ts'
export { dedupeContract, type DedupeContractOptions, type DedupeSetUp } from './contracts/dedupe-contract.ts'
export type { InboxSetUp } from './contracts/inbox-test.ts'

// The provider, simulated
export { startSimulator, type Simulator } from './simulator/simulator.ts'
export type { SimulatorOptions } from './simulator/options.ts'
export type { SimulatorSummary } from './simulator/summary.ts'
export { describeSimulatorEvent } from './simulator/event-text.ts'
export type { SimulatorDelivery, SimulatorEvent, SimulatorRequest, SimulatorTask } from './simulator/events.ts'
