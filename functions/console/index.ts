import { join } from 'node:path'
import { http } from '@google-cloud/functions-framework'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { createConsole } from './console.ts'

const logger = createLogger({ fields: { function: 'console' } })
const environment = await openAtStart(() => loadEnvironment(logger), logger)
// Beside the bundle lies what the build has made of the page.
const folder = process.env.ALMAGEST_CONSOLE ?? join(import.meta.dirname, 'page')

http('console', createConsole(environment, { logger, folder }))
