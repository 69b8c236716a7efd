import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { isNumeric, type VotableField } from '../../shared/votable/show/votable-field.ts'
import { colourOf } from './colours.ts'
import type { ResultTable } from './run-query.ts'

const HEIGHT = 400
const BINS = 50

/** Two columns of a result against each other, or how the values of one are distributed. */
export function ColumnsPlot({ table }: { readonly table: ResultTable }): VNode {
  const host = useRef<HTMLDivElement>(null)
  const numeric = table.fields.flatMap((field, index) => (isNumeric(field) ? [{ field, index }] : []))
  const [x, setX] = useState(numeric[0]?.index ?? -1)
  const [y, setY] = useState(numeric[1]?.index ?? -1)
  useEffect(() => {
    const element = host.current
    if (element === null || x < 0) return
    const plot = y < 0 ? histogram(table, x, element) : scatter(table, x, y, element)
    return () => plot.destroy()
  }, [table, x, y])
  if (numeric.length === 0) return html`<p class="quiet">No column of the result holds numbers.</p>` as VNode
  const choose = (label: string, value: number, set: (index: number) => void, none?: string) => html`
    <label>${label}
      <select value=${String(value)} onChange=${(event: Event) => set(Number((event.currentTarget as HTMLSelectElement).value))}>
        ${none !== undefined && html`<option value="-1">${none}</option>`}
        ${numeric.map(({ field, index }) => html`<option value=${String(index)}>${titleOf(field)}</option>`)}
      </select>
    </label>`
  const named = (index: number) => titleOf(table.fields[index])
  const about = y < 0 ? `Histogram of ${named(x)}` : `${named(y)} against ${named(x)}`
  return html`
    <div class="controls">${choose('x', x, setX)} ${choose('y', y, setY, 'how often (histogram)')}</div>
    <figure><div ref=${host} role="img" aria-label=${about}></div><figcaption>${about}</figcaption></figure>` as VNode
}

function titleOf(field: VotableField | undefined): string {
  if (field === undefined) return ''
  return field.unit === undefined ? field.name : `${field.name} [${field.unit}]`
}

function scatter({ fields, rows }: ResultTable, x: number, y: number, element: HTMLElement): uPlot {
  const points: [number, number][] = []
  for (const cells of rows) {
    const [first, second] = [numberOf(cells[x]), numberOf(cells[y])]
    if (first !== undefined && second !== undefined) points.push([first, second])
  }
  points.sort(([a], [b]) => a - b)
  const colour = colourOf(element, '--accent')
  const series = {
    stroke: colour,
    paths: () => null,
    points: { show: true, size: points.length > 5000 ? 2 : 4, fill: colour },
  }
  return new uPlot(
    optionsOf(element, titleOf(fields[x]), titleOf(fields[y]), series),
    [points.map(([first]) => first), points.map(([, second]) => second)],
    element,
  )
}

function histogram({ fields, rows }: ResultTable, x: number, element: HTMLElement): uPlot {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const values: number[] = []
  for (const cells of rows) {
    const value = numberOf(cells[x])
    if (value === undefined) continue
    values.push(value)
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const width = most > least ? (most - least) / BINS : 1
  const counts = new Array<number>(BINS).fill(0)
  for (const value of values) {
    const bin = Math.min(Math.floor((value - least) / width), BINS - 1)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const bars = uPlot.paths.bars?.({ size: [1] })
  const colour = colourOf(element, '--accent')
  const series = {
    stroke: colour,
    fill: colour,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  }
  const centres = counts.map((_, bin) => (values.length === 0 ? bin : least + (bin + 0.5) * width))
  return new uPlot(optionsOf(element, titleOf(fields[x]), 'rows', series), [centres, counts], element)
}

/** undefined: NULL, or not a number that can be drawn. */
function numberOf(cell: string | null | undefined): number | undefined {
  const value = cell == null ? Number.NaN : Number(cell)
  return Number.isFinite(value) ? value : undefined
}

function optionsOf(element: HTMLElement, x: string, y: string, series: uPlot.Series): uPlot.Options {
  const axis = (label: string) => ({
    label,
    stroke: colourOf(element, '--text'),
    grid: { stroke: colourOf(element, '--line') },
    ticks: { stroke: colourOf(element, '--line') },
  })
  return {
    width: Math.max(element.clientWidth, 300),
    height: HEIGHT,
    scales: { x: { time: false } },
    legend: { show: false },
    axes: [axis(x), axis(y)],
    series: [{ label: x }, { label: y, ...series }],
  }
}
