import { expect, test } from 'vitest'
import { describeStart, type StartReport } from '../../../cli/local/summary.ts'

const REPORT: StartReport = {
  url: 'http://127.0.0.1:8080',
  durationMs: 1,
  servers: [],
  environmentFile: '/state/environment.yaml',
  logFile: '/state/log.jsonl',
  storage: 'http://127.0.0.1:9090',
}

test.each([
  ['/state/environment.yaml', '/state/environment.yaml'],
  ["/her state's/environment.yaml", `'/her state'\\''s/environment.yaml'`],
])('the sweep that is suggested for %s can be pasted into a shell', (environmentFile, shown) => {
  const text = describeStart({ ...REPORT, environmentFile }, { staysUp: true })
  expect(text).toContain(`npx almagest sweep --dry-run --environment ${shown}\n`)
})
