export interface Deletions {
  deleted: number
  deletedBytes: number
  /** They were gone already. */
  absent: number
  /** Overwritten, or their metadata changed, since they were listed: they are kept. */
  replaced: number
  /** Refused for a hold or a retention policy: they are kept. */
  protected: number
  /** The store did not do it, also after several attempts. */
  failed: number
  firstProtected: string | null
  firstFailed: string | null
  /** Of what should be gone and is not. */
  oldestSurvivor: { name: string; timeCreated: string } | null
}

export function noDeletions(): Deletions {
  const none = { deleted: 0, deletedBytes: 0, absent: 0, replaced: 0, protected: 0, failed: 0 }
  return { ...none, firstProtected: null, firstFailed: null, oldestSurvivor: null }
}
