import { html } from 'htm/preact'
import type { VNode } from 'preact'
import type { Config } from '../config.ts'
import { call, childText, getXml } from '../http.ts'
import { usePolled } from '../polled.ts'

const EVERY_MS = 10_000
const DEADLINE_MS = 8_000

interface Part {
  readonly name: string
  readonly address: string
  readonly kind: 'healthz' | 'availability'
}

interface Health {
  readonly part: Part
  readonly isWell: boolean
  readonly note: string
}

/** Whether each part answers. */
export function HealthTable({ config }: { readonly config: Config }): VNode {
  const parts = partsOf(config)
  const healths = usePolled((signal) => Promise.all(parts.map((part) => ask(part, signal))), EVERY_MS, [config])
  return html`
    <section aria-label="Health">
      <h2>Health</h2>
      <table class="list">
        <thead><tr><th>part</th><th>state</th><th>says</th></tr></thead>
        <tbody>
          ${parts.map((part) => {
            const health = healths.value?.find((found) => found.part.name === part.name)
            return html`
              <tr>
                <th scope="row">${part.name}</th>
                <td>${health === undefined ? 'asking …' : html`<span class=${health.isWell ? 'good' : 'error'}>${health.isWell ? 'ok' : 'not available'}</span>`}</td>
                <td>${health?.note ?? ''}</td>
              </tr>`
          })}
        </tbody>
      </table>
    </section>` as VNode
}

function partsOf({ swapSchema, collectResults, servers }: Config): readonly Part[] {
  const functions = { 'swap-schema': swapSchema, 'collect-results': collectResults }
  return [
    ...Object.entries(functions).flatMap(([name, url]): Part[] =>
      url === null ? [] : [{ name, address: `${url}/healthz`, kind: 'healthz' }],
    ),
    ...servers.map(
      ({ name, url }): Part => ({ name: `TAP service ${name}`, address: `${url}/availability`, kind: 'availability' }),
    ),
  ]
}

async function ask(part: Part, stop: AbortSignal): Promise<Health> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE_MS)])
  try {
    if (part.kind === 'healthz') {
      await call(part.address, { signal })
      return { part, isWell: true, note: '' }
    }
    const { documentElement: availability } = await getXml(part.address, signal)
    const isWell = childText(availability, 'available') === 'true'
    return { part, isWell, note: childText(availability, 'note') ?? '' }
  } catch (error) {
    if (stop.aborted) throw error
    const isLate = error instanceof DOMException && error.name === 'TimeoutError'
    const note = isLate
      ? `no answer within ${DEADLINE_MS / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error)
    return { part, isWell: false, note }
  }
}
