export const OK = 0
/** Problems were found, or the operation failed. */
export const FAILED = 1
/** The command was called in a wrong way: nothing was tried. */
export const USAGE = 2
/** Ctrl-C, as shells count it: 128 and the number of the signal. */
export const INTERRUPTED = 130
