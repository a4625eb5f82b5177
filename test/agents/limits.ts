/** Milliseconds until a process and its audit are given up, however busy the machine is. */
export const LIMIT = 10 * 60_000

/** They wait most of the time. */
export const AT_ONCE = 4
