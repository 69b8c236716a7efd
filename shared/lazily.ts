export interface Lazy<T> {
  /** The value, made by the first call; all calls share it. After a failure the next call tries again. */
  (): Promise<T>
  /** What was made or is being made; undefined: nothing. */
  started(): Promise<T> | undefined
}

/** Something that is made when it is first needed: a success is kept, a failure is forgotten. */
export function lazily<T>(make: () => Promise<T> | T): Lazy<T> {
  let made: Promise<T> | undefined
  const get = () => {
    if (made !== undefined) return made
    const making = (async () => make())()
    made = making
    making.catch(() => {
      made = undefined
    })
    return making
  }
  return Object.assign(get, { started: () => made })
}
