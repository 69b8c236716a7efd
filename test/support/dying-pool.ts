import type pg from 'pg'

export interface DyingPool {
  readonly pool: pg.Pool
  /** Statements sent so far. */
  readonly steps: () => number
}

/**
 * A pool whose sessions are terminated by the server right before their n-th statement; with Infinity it only counts.
 */
export function poolDyingAt(pool: pg.Pool, admin: pg.Pool, step: number): DyingPool {
  let steps = 0
  const connect = async () => {
    const client = await pool.connect()
    const { query } = client
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const pid = rows[0]!.pid
    let killed: Promise<unknown> | undefined
    const spy = (...args: unknown[]) => {
      steps += 1
      const send = () => Reflect.apply(query, client, args)
      if (steps === step) killed = admin.query('select pg_terminate_backend($1, 5000)', [pid])
      if (killed === undefined) return send()
      // A COPY hands its stream back at once; any other statement, also a later one, waits until its session is gone.
      const isStream = typeof args[0] === 'object' && args[0] !== null && 'submit' in args[0]
      return isStream ? send() : killed.then(send)
    }
    client.query = spy as typeof client.query
    const { release } = client
    client.release = (error) => {
      client.query = query
      client.release = release
      Reflect.apply(release, client, [error])
    }
    return client
  }
  return {
    pool: new Proxy(pool, { get: (target, key) => (key === 'connect' ? connect : Reflect.get(target, key)) }),
    steps: () => steps,
  }
}
