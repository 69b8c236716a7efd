import { useCallback, useEffect, useState } from 'preact/hooks'

/** What was read last, and what the last try came to. */
export interface Polled<T> {
  /** undefined: nothing yet. After a failure it is what was read before. */
  readonly value: T | undefined
  readonly error: Error | undefined
  /** Reads again now. */
  refresh(): void
}

/**
 * Reads again and again while the page is seen. What `inputs` name decides what is read: with other inputs it starts anew.
 */
export function usePolled<T>(
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  inputs: readonly unknown[],
): Polled<T> {
  const [state, setState] = useState<{ readonly value?: T; readonly error?: Error }>({})
  const [turn, setTurn] = useState(0)
  // `read` is new at each rendering, the inputs say when it differs
  useEffect(() => setState({}), inputs)
  // As above
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    let timer = 0
    const next = async () => {
      if (!document.hidden) {
        try {
          const value = await read(signal)
          if (!signal.aborted) setState({ value })
        } catch (error) {
          if (signal.aborted) return
          setState(({ value }) => ({ ...(value === undefined ? {} : { value }), error: error as Error }))
        }
      }
      if (!signal.aborted) timer = window.setTimeout(next, everyMs)
    }
    void next()
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [...inputs, turn])
  const refresh = useCallback(() => setTurn((count) => count + 1), [])
  return { value: state.value, error: state.error, refresh }
}
