import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { isNumeric } from '../../shared/votable/show/votable-field.ts'
import type { ResultTable } from './run-query.ts'

/** As the style sheet has it. */
const ROW_PX = 28
/** Rows above and below what is seen, so that scrolling shows no gaps. */
const SPARE = 10
/** Browsers draw no element that is higher: further rows are reached by a narrower query or the download. */
const MOST_ROWS = 500_000

/** The rows of a result: only those that are seen are in the page. */
export function ResultRows({ table }: { readonly table: ResultTable }): VNode {
  const frame = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 400 })
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const follow = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const watch = new ResizeObserver(follow)
    watch.observe(element)
    element.addEventListener('scroll', follow, { passive: true })
    return () => {
      watch.disconnect()
      element.removeEventListener('scroll', follow)
    }
  }, [])
  const { fields, rows } = table
  const count = Math.min(rows.length, MOST_ROWS)
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - SPARE)
  const last = Math.min(count, Math.ceil((view.top + view.height) / ROW_PX) + SPARE)
  const numeric = fields.map(isNumeric)
  return html`
    <div class="result" ref=${frame} tabindex="0" role="region" aria-label="Rows of the result">
      <table aria-rowcount=${rows.length + 1}>
        <thead>
          <tr>
            ${fields.map(
              ({ name, unit, ucd, datatype }) => html`
                <th scope="col" title=${datatype}>
                  ${name}<small>${[unit, ucd].filter(Boolean).join(' · ') || ' '}</small>
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          <tr class="spacer" aria-hidden="true" style=${{ height: `${first * ROW_PX}px` }}></tr>
          ${rows.slice(first, last).map(
            (cells, index) => html`
              <tr key=${first + index} aria-rowindex=${first + index + 2}>
                ${cells.map((cell, column) => html`<td class=${numeric[column] ? 'number' : ''} title=${cell ?? 'NULL'}>${cell ?? html`<span class="quiet">NULL</span>`}</td>`)}
              </tr>`,
          )}
          <tr class="spacer" aria-hidden="true" style=${{ height: `${(count - last) * ROW_PX}px` }}></tr>
        </tbody>
      </table>
    </div>` as VNode
}
