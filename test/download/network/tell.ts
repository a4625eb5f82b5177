/** What happened in the network, for the test that looks at it. */
export interface Told {
  /** Saves that should have gone well. */
  controls: Attempt[]
  /** Whether a plain connection to each private address was taken. */
  reachable: { address: string; accepted: boolean }[]
  /** Where connections came in while attacks went on. */
  accepted: string[]
  attacks: Attempt[]
}

export interface Attempt {
  url: string
  /** `saved`, or the code of the error. */
  outcome: string
}
