import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import type { StartReport } from '../../local/summary.ts'
import { writeFolder } from '../cli/release-folder.ts'
import { callAlmagest } from '../support/call-command.ts'
import type { CommandResult, RunningCommand } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { makeStateFolder, type StateFolder } from './state-folder.ts'

export interface StateStory {
  readonly state: StateFolder
  /** Runs `almagest start` on the folder until everything is live, and no longer, within this process. */
  start(...more: string[]): Promise<CommandResult>
  /** The same, which must end well; what became of the first server is the answer. */
  startWell(...more: string[]): Promise<StartReport['servers'][number]>
}

/** The tests of a file are one story: what a start leaves in the folder is what the next one finds. */
export function startStory(): StateStory {
  let state: StateFolder
  beforeAll(async () => {
    state = await makeStateFolder()
  })
  afterAll(() => state.remove())
  const start = (...more: string[]) =>
    callStart(['start', '--once', '--json', '--port', '0', '--state', state.path, ...more])
  return {
    get state() {
      return state
    },
    start,
    async startWell(...more) {
      const result = await start(...more)
      expect(result).toMatchObject({ code: 0 })
      const [tap] = result.json<StartReport>().servers
      return tap!
    },
  }
}

/** The command ends its process once it is done, which is ours here. */
async function callStart(args: readonly string[]): Promise<CommandResult> {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
  try {
    return await callAlmagest(args)
  } finally {
    await setImmediate()
    exit.mockRestore()
  }
}

/** Until it says that it is up, or ends. */
export async function untilUp({ child, result }: RunningCommand): Promise<string> {
  let text = ''
  const up = new Promise<void>((done) => {
    child.stdout?.on('data', (chunk) => {
      text += chunk
      if (text.includes('Log of the functions')) done()
    })
  })
  await Promise.race([up, result])
  return text
}

/** The same release each time, in a folder of the test's own. */
export const writeSurvey = () => writeFolder({ 'survey.yaml': sampleSchema('survey') })
