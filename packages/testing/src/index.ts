// Samples for tests of your own
export { sampleCallback, signedRequest } from './samples.ts'
export type { SampleCallbackOptions, SampleOptions, SampleRequest, SignedRequestOptions } from './samples.ts'

// Contract suites for inboxes and dedupe stores
export { inboxContract, type Guarantee, type InboxContractOptions } from './contracts/inbox-contract.ts'
export { dedupeContract, type DedupeContractOptions, type DedupeSetUp } from './contracts/dedupe-contract.ts'
export type { InboxSetUp } from './contracts/trial.ts'
