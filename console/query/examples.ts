import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { call } from '../http.ts'

interface Example {
  readonly title: string
  readonly query: string
}

/** The examples that the service has (DALI 1.1 §2.3); nothing where it has none. */
export function Examples({
  url,
  onChoose,
}: {
  readonly url: string
  readonly onChoose: (query: string) => void
}): VNode | null {
  const [examples, setExamples] = useState<readonly Example[]>([])
  useEffect(() => {
    const controller = new AbortController()
    readExamples(url, controller.signal).then(setExamples, () => setExamples([]))
    return () => controller.abort()
  }, [url])
  if (examples.length === 0) return null
  const choose = (event: Event) => {
    const list = event.currentTarget as HTMLSelectElement
    const chosen = examples[Number(list.value)]
    if (chosen !== undefined) onChoose(chosen.query)
    list.value = ''
  }
  return html`
    <label>examples
      <select onChange=${choose} value="">
        <option value="">choose one …</option>
        ${examples.map(({ title }, index) => html`<option value=${String(index)}>${title}</option>`)}
      </select>
    </label>` as VNode
}

async function readExamples(url: string, signal: AbortSignal): Promise<readonly Example[]> {
  const text = await (await call(`${url}/examples`, { signal })).text()
  // What is parsed falls under the policy of this page, which reports styles inside documents.
  const page = new DOMParser().parseFromString(text.replace(/<style\b.*?<\/style>/gis, ''), 'text/html')
  return [...page.querySelectorAll('[typeof="example"]')].flatMap((example) => {
    const query = example.querySelector('[property="query"]')?.textContent?.trim()
    const title = example.querySelector('[property="name"]')?.textContent?.trim()
    return query === undefined || query === '' ? [] : [{ title: title || query.slice(0, 60), query }]
  })
}
