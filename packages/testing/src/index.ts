export { inboxContract, type Guarantee, type InboxContractOptions } from './inbox-contract.ts'
export { dedupeContract, type DedupeContractOptions, type DedupeSetUp } from './dedupe-contract.ts'
export type { InboxSetUp } from './trial.ts'
