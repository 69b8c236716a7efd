/** Whether stacks and retries are wanted. */
export function isDebugging(): boolean {
  return process.env.ALMAGEST_DEBUG === '1'
}
