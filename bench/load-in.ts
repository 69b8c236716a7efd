import { Worker } from 'node:worker_threads'
import type { LoadReport, LoadTask } from './http-load.ts'

/** Makes a load in a thread of its own, so that measuring it does not wait for anything else. */
export function loadIn(task: LoadTask): Promise<LoadReport> {
  return new Promise((done, fail) => {
    const worker = new Worker(new URL('./http-load.ts', import.meta.url), { workerData: task })
    worker.once('message', done).once('error', fail)
  })
}
