const EFFORT = Number(process.env.TEST_EFFORT ?? 1)

/** How many runs a random search makes: so many, times what the variable TEST_EFFORT asks for. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * EFFORT))
}
