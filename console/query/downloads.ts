import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../http.ts'
import { Notice } from '../notice.ts'
import { parametersOf } from './run-query.ts'

const ENDINGS: Readonly<Record<string, string>> = { csv: 'csv', tsv: 'tsv', parquet: 'parquet' }
/** What every service of ours writes; asked for when the capabilities are not there yet. */
const USUAL = ['votable', 'votable/td', 'csv', 'tsv', 'parquet']
/** As many rows as the service gives. */
const ALL = 2 ** 31 - 1

/** Saves the result of the query in a format, with as many rows as the service gives. */
export function Downloads(props: {
  readonly url: string
  readonly adql: string
  readonly formats: readonly string[]
}): VNode {
  const { url, adql, formats } = props
  const offered = formats.length === 0 ? USUAL : USUAL.filter((format) => formats.includes(format))
  const [format, setFormat] = useState('csv')
  const [state, setState] = useState<{ readonly isBusy: boolean; readonly error?: string }>({ isBusy: false })
  const save = async () => {
    setState({ isBusy: true })
    try {
      const body = parametersOf({ adql, maxRec: ALL }, format)
      const response = await call(`${url}/sync`, { method: 'POST', body })
      offer(await response.blob(), `result.${ENDINGS[format] ?? 'vot'}`)
      setState({ isBusy: false })
    } catch (error) {
      setState({ isBusy: false, error: error instanceof Error ? error.message : String(error) })
    }
  }
  return html`
    <label>save as
      <select value=${format} onChange=${(event: Event) => setFormat((event.currentTarget as HTMLSelectElement).value)}>
        ${offered.map((name) => html`<option value=${name}>${name}</option>`)}
      </select>
    </label>
    <button class="plain" onClick=${save} disabled=${state.isBusy || adql.trim() === ''}>${state.isBusy ? 'Saving …' : 'Download'}</button>
    ${state.error !== undefined && html`<${Notice} kind="error">Not saved: ${state.error}<//>`}` as VNode
}

function offer(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
