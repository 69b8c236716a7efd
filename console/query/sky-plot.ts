import { type GeoProjection, geoAzimuthalEqualArea, geoGraticule, geoPath } from 'd3-geo'
import { geoHammer } from 'd3-geo-projection'
import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Config } from '../config.ts'
import { colourOf } from './colours.ts'
import { findPositions, positionsOf } from './find-positions.ts'
import type { ResultTable } from './run-query.ts'

const WIDTH = 900
const HEIGHT = 460
const MARGIN = 20
/** Wider fields are shown on the whole sky. */
const LOCAL_DEGREES = 40
/** More points than this are drawn smaller. */
const MANY = 3_000

/** The positions of a result: on the whole sky, or near where they lie. East is left. */
export function SkyPlot(props: { readonly table: ResultTable; readonly config: Config }): VNode {
  const { table, config } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const columns = findPositions(table)
  const positions = columns === undefined ? [] : positionsOf(table, columns)
  const field = fieldOf(positions)
  useEffect(() => {
    if (canvas.current !== null && positions.length > 0) draw(canvas.current, positions, field)
  })
  if (columns === undefined) {
    return html`<p class="quiet">No two columns of the result are a position: they are found by their UCDs (pos.eq.ra, pos.eq.dec) or by their names.</p>` as VNode
  }
  if (positions.length === 0) return html`<p class="quiet">No row has a position.</p>` as VNode
  const [ra, dec] = field.centre
  const about = `${positions.length} positions, centred on ${ra.toFixed(3)}, ${dec.toFixed(3)} degrees`
  const links = viewers(config).map(
    ({ name, address }) =>
      html` <a href=${address(ra, dec, field.degrees)} target="_blank" rel="noopener noreferrer">${name}</a>`,
  )
  return html`
    <figure>
      <canvas ref=${canvas} width=${WIDTH} height=${HEIGHT} role="img" aria-label=${about}></canvas>
      <figcaption>${about}; east is left.${links.length > 0 && html` Open the centre in${links}`}</figcaption>
    </figure>` as VNode
}

interface Field {
  readonly centre: readonly [number, number]
  /** Twice the largest distance from the centre. */
  readonly degrees: number
}

const RADIANS = Math.PI / 180

/** Centre of mass on the sphere, so that 0/360 and the poles are nothing special. */
function fieldOf(positions: readonly [number, number][]): Field {
  let [x, y, z] = [0, 0, 0]
  const vectors = positions.map(([ra, dec]) => {
    const vector = [
      Math.cos(dec * RADIANS) * Math.cos(ra * RADIANS),
      Math.cos(dec * RADIANS) * Math.sin(ra * RADIANS),
      Math.sin(dec * RADIANS),
    ] as const
    x += vector[0]
    y += vector[1]
    z += vector[2]
    return vector
  })
  const length = Math.hypot(x, y, z)
  if (length / Math.max(positions.length, 1) < 1e-9) return { centre: [180, 0], degrees: 360 }
  let nearest = 1
  for (const vector of vectors) nearest = Math.min(nearest, (vector[0] * x + vector[1] * y + vector[2] * z) / length)
  const ra = (Math.atan2(y, x) / RADIANS + 360) % 360
  const dec = Math.asin(z / length) / RADIANS
  return { centre: [ra, dec], degrees: (2 * Math.acos(Math.max(-1, nearest))) / RADIANS }
}

function draw(canvas: HTMLCanvasElement, positions: readonly [number, number][], field: Field): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const isLocal = field.degrees < LOCAL_DEGREES
  const projection = isLocal ? local(field) : allSky()
  const path = geoPath(projection, context)
  context.clearRect(0, 0, WIDTH, HEIGHT)
  const step = isLocal ? niceStep(field.degrees) : 30
  context.beginPath()
  path(
    geoGraticule()
      .step([step, step])
      .extentMajor([
        [-180, -90],
        [180, 90],
      ])
      .extentMinor([
        [-180, -90],
        [180, 90],
      ])(),
  )
  context.strokeStyle = colourOf(canvas, '--line')
  context.stroke()
  if (!isLocal) {
    context.beginPath()
    path({ type: 'Sphere' })
    context.strokeStyle = colourOf(canvas, '--quiet')
    context.stroke()
  }
  context.fillStyle = colourOf(canvas, '--accent')
  const size = positions.length > MANY ? 1.5 : 4
  for (const position of positions) {
    const point = projection(position)
    if (point !== null) context.fillRect(point[0] - size / 2, point[1] - size / 2, size, size)
  }
}

function allSky(): GeoProjection {
  const frame: [[number, number], [number, number]] = [
    [MARGIN, MARGIN],
    [WIDTH - MARGIN, HEIGHT - MARGIN],
  ]
  return geoHammer().rotate([180, 0]).reflectX(true).fitExtent(frame, { type: 'Sphere' })
}

function local({ centre: [ra, dec], degrees }: Field): GeoProjection {
  const radius = Math.max(degrees / 2, 1e-5) * 1.1 * RADIANS
  return geoAzimuthalEqualArea()
    .rotate([-ra, -dec])
    .reflectX(true)
    .translate([WIDTH / 2, HEIGHT / 2])
    .scale((HEIGHT / 2 - MARGIN) / (2 * Math.sin(radius / 2)))
    .clipAngle(90)
}

/** About six lines over the field: 1, 2 or 5 times a power of ten. */
function niceStep(degrees: number): number {
  const raw = Math.max(degrees, 0.01) / 6
  const power = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power
}

interface Viewer {
  readonly name: string
  address(ra: number, dec: number, degrees: number): string
}

const PUBLIC_VIEWERS: readonly Viewer[] = [
  {
    name: 'Aladin Lite',
    address: (ra, dec, degrees) =>
      `https://aladin.cds.unistra.fr/AladinLite/?${new URLSearchParams({ target: `${ra} ${dec}`, fov: String(Math.max(degrees, 0.05)) })}`,
  },
  {
    name: 'ESASky',
    address: (ra, dec, degrees) =>
      `https://sky.esa.int/?${new URLSearchParams({ target: `${ra} ${dec}`, fov: String(Math.max(degrees, 0.05)), cooframe: 'J2000' })}`,
  },
]

function viewers({ skyViewer }: Config): readonly Viewer[] {
  if (skyViewer === null) return PUBLIC_VIEWERS
  const address = (ra: number, dec: number) => skyViewer.replaceAll('{ra}', String(ra)).replaceAll('{dec}', String(dec))
  return [{ name: 'the sky viewer', address }, ...PUBLIC_VIEWERS]
}
