import { join } from 'node:path'

/** Where `start` keeps everything: a folder of the checkout. */
export const STATE_FOLDER = join(import.meta.dirname, '..', '..', '.almagest')

/** The environment file of the stack that runs, or ran last. */
export const LOCAL_ENVIRONMENT = join(STATE_FOLDER, 'environment.yaml')
