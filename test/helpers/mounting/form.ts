/** A way to put the receiver into an application. */
export interface Form<Kit> {
  name: string
  /** Where a callback is sent. */
  at: string
  put: (kit: Kit) => void
  /**
   * What happens to a callback if a wrapper without a link hides the receiver. `answered`: it is answered. `if it shows`: it is
   * answered if its headers or its parsed body show that it is a callback, or if nothing behind the receiver answers.
   * `warned`: it is passed on with a warning.
   */
  hidden: 'answered' | 'if it shows' | 'warned'
}

/** An application in which a request is for another handler than the receiver. */
export interface Bystander<Kit> {
  name: string
  /** Where the other handler's request is sent. */
  at: string
  put: (kit: Kit & { other: Kit extends { luma: infer Handler } ? Handler : never }) => void
}
