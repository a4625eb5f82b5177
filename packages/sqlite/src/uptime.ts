/**
 * Leases end by the clock that counts from the machine's start, which all its processes share: setting the time
 * or putting the machine to sleep ends none. After a restart of the machine it begins anew, and says nothing of leases
 * from before; their owners are found dead by their locks. In milliseconds.
 */
export function uptime(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
