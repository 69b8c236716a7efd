/** Google's clock: it can go ahead while the functions stand still. */
export class FakeClock {
  aheadMs = 0
  /** For how long tokens and certificates hold that are issued from now on. */
  lifetimeMs = 3_600_000

  now(): number {
    return Date.now() + this.aheadMs
  }
}
