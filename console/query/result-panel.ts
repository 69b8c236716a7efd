import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { Config } from '../config.ts'
import { ColumnsPlot } from './columns-plot.ts'
import { ResultRows } from './result-table.ts'
import type { ResultTable } from './run-query.ts'
import { SkyPlot } from './sky-plot.ts'

const TABS = ['Table', 'Sky', 'Plot'] as const

/** A result: its rows, its positions, or two of its columns. */
export function ResultPanel({ table, config }: { readonly table: ResultTable; readonly config: Config }): VNode {
  const [tab, setTab] = useState<(typeof TABS)[number]>('Table')
  return html`
    <div class="tabs" role="group" aria-label="How the result is shown">
      ${TABS.map((name) => html`<button class="plain" aria-pressed=${tab === name} onClick=${() => setTab(name)}>${name}</button>`)}
    </div>
    ${tab === 'Table' && html`<${ResultRows} table=${table} />`}
    ${tab === 'Sky' && html`<${SkyPlot} table=${table} config=${config} />`}
    ${tab === 'Plot' && html`<${ColumnsPlot} table=${table} />`}` as VNode
}
