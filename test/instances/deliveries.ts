/** What Pub/Sub does to the messages of jobs, at its worst: some come twice, some late, some never. */
export interface Deliveries {
  /** How many came as they should, twice, late, and never. */
  readonly fates: Readonly<Record<Fate, number>>
  take(attributes: Readonly<Record<string, string>>): string
  /** Everything that is published from now on comes once, and at once. */
  behave(): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  stop(): Promise<void>
}

type Fate = 'once' | 'twice' | 'late' | 'never'

const CHANCES: readonly (readonly [Fate, number])[] = [
  ['twice', 0.15],
  ['late', 0.15],
  ['never', 0.1],
  ['once', 1],
]

/** Tries of one message, and the pause between two. */
const TRIES = 10
const PAUSE_MS = 200

/** @param workers where messages are delivered to, one of these each time */
export function createDeliveries(random: () => number, workers: () => readonly string[]): Deliveries {
  const fates = { once: 0, twice: 0, late: 0, never: 0 }
  const underway = new Set<Promise<void>>()
  const stopping = new AbortController()
  let isGood = false
  let last = 0
  const deliver = async (attributes: Readonly<Record<string, string>>, messageId: string, delayMs: number) => {
    await pause(delayMs)
    for (let attempt = 1; attempt <= TRIES && !stopping.signal.aborted; attempt++) {
      const urls = workers()
      const url = urls[Math.floor(random() * urls.length)]
      const message = { attributes, messageId, data: 'e30=', publishTime: new Date().toISOString() }
      const envelope = { message, subscription: 'projects/demo/subscriptions/queries', deliveryAttempt: attempt }
      const init = {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, signal: stopping.signal },
        body: JSON.stringify(envelope),
      }
      const ok = url !== undefined && (await fetch(url, init).then(drained, () => false))
      if (ok) return
      await pause(PAUSE_MS)
    }
  }
  const start = (attributes: Readonly<Record<string, string>>, messageId: string, delayMs: number) => {
    const delivery = deliver(attributes, messageId, delayMs).finally(() => underway.delete(delivery))
    underway.add(delivery)
  }
  return {
    fates,
    take(attributes) {
      last += 1
      const messageId = String(last)
      const chance = random()
      const fate = isGood
        ? 'once'
        : (CHANCES.find(([, limit], index) => chance < limit + sumBefore(index))?.[0] ?? 'once')
      fates[fate] += 1
      if (fate !== 'never') start(attributes, messageId, fate === 'late' ? 300 + 700 * random() : 0)
      if (fate === 'twice') start(attributes, messageId, 200 * random())
      return messageId
    },
    behave() {
      isGood = true
    },
    async idle() {
      while (underway.size > 0) await Promise.all(underway)
    },
    async stop() {
      stopping.abort()
      await Promise.all(underway)
    },
  }
}

function sumBefore(index: number): number {
  return CHANCES.slice(0, index).reduce((sum, [, chance]) => sum + chance, 0)
}

async function drained(answer: Response): Promise<boolean> {
  await answer.arrayBuffer()
  return answer.ok
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}
