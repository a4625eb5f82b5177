/** A way to put the receiver into an application. */
export interface Form<Kit> {
  name: string
  /** Where a callback is sent. */
  at: string
  put: (kit: Kit) => void
  /**
   * What becomes of a callback where a wrapper hides the receiver and nothing links the two: it is answered; or only one that
   * shows by its headers or its parsed body what it is, unless nothing behind the receiver answers; or none is, and a
   * warning says so.
   */
  hidden: 'answered' | 'if it shows' | 'warned'
}

/** An application in which another handler than the receiver is meant. */
export interface Bystander<Kit> {
  name: string
  /** Where the other handler's request is sent. */
  at: string
  put: (kit: Kit & { other: Kit extends { luma: infer Handler } ? Handler : never }) => void
}
