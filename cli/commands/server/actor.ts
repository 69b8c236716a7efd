import { userInfo } from 'node:os'

/** Who is at the keyboard, for the history: the name that the operating system knows. */
export function currentActor(): string {
  try {
    return userInfo().username
  } catch {
    // In a container a user number often has no name.
    return process.env.USER || `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
