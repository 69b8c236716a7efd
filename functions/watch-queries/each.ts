export interface Effort {
  /** How many are worked on at once. */
  readonly atOnce: number
  /** After so many failures the rest is left to the next call; left out: all are tried. */
  readonly mostFailures?: number
}

/** Does the same with all, some at once; what fails does not hold back the others. @returns what was thrown */
export async function each<T>(
  items: readonly T[],
  { atOnce, mostFailures = Number.POSITIVE_INFINITY }: Effort,
  work: (item: T) => Promise<void>,
): Promise<readonly unknown[]> {
  const failures: unknown[] = []
  const rest = items.values()
  const workNext = async () => {
    for (const item of rest) {
      try {
        await work(item)
      } catch (error) {
        failures.push(error)
      }
      if (failures.length >= mostFailures) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, workNext))
  return failures
}
