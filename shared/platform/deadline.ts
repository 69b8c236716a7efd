/**
 * Waits for `work` at most so long. The work itself goes on: this is for clients that cannot be interrupted.
 *
 * @param expired makes the error that is thrown when the time is up
 */
export async function withDeadline<T>(work: Promise<T>, milliseconds: number, expired: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(expired()), milliseconds)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
