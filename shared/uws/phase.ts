/**
 * The phases that a job of ours can be in (UWS 1.1 §2.1.3). HELD and SUSPENDED are never used: clients of the field give up
 * when they see them.
 */
export type Phase = 'PENDING' | 'QUEUED' | 'EXECUTING' | 'COMPLETED' | 'ERROR' | 'ABORTED' | 'ARCHIVED'

export const PHASES: readonly Phase[] = ['PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED']

/** Phases that the standard knows besides: no job is ever in one, but lists can be asked for them. */
export const UNUSED_PHASES: readonly string[] = ['HELD', 'SUSPENDED', 'UNKNOWN']

/** In these a job waits for something, and WAIT has something to wait for (UWS 1.1 §2.2.1.1). */
export const ACTIVE_PHASES: readonly Phase[] = ['PENDING', 'QUEUED', 'EXECUTING']

export function isActive(phase: Phase): boolean {
  return ACTIVE_PHASES.includes(phase)
}
