const agent = require('elastic-apm-node/start.js')

let seen = 0
agent.addTransactionFilter((transaction) => {
  seen++
  return transaction
})
globalThis.agentSeen = async () => {
  await agent.flush()
  return seen
}
