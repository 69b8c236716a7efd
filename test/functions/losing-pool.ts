import type pg from 'pg'

/**
 * A pool whose n-th statement outside of a transaction fails, or is done without its answer; with 0 it only counts.
 *
 * @param isDone whether the server has done it
 */
export function losingPool(
  pool: pg.Pool,
  step: number,
  isDone: boolean,
): { readonly pool: pg.Pool; readonly steps: () => number } {
  let steps = 0
  const query = async (...args: unknown[]) => {
    steps += 1
    const isLost = steps === step
    const answer = isLost && !isDone ? undefined : await Reflect.apply(pool.query, pool, args)
    if (isLost) throw new Error('Connection terminated unexpectedly')
    return answer
  }
  return {
    pool: new Proxy(pool, {
      get: (target, key) =>
        key === 'query' ? query : key === 'connect' ? () => target.connect() : Reflect.get(target, key),
    }),
    steps: () => steps,
  }
}
