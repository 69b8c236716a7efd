import { CIRCLE, DOUBLE, INTEGER, POINT, POLYGON, REGION, TEXT } from '../value-type.ts'
import type { FunctionRow, Parameter, ParameterType } from './row.ts'

function parameter(name: string, type: ParameterType): Parameter {
  return { name, type }
}

function longitude(name: string): Parameter {
  return { name, type: 'DOUBLE', range: { what: 'longitude', from: 0, to: 360, unit: 'degrees', wraps: true } }
}

function latitude(name: string): Parameter {
  return { name, type: 'DOUBLE', range: { what: 'latitude', from: -90, to: 90, unit: 'degrees' } }
}

function extent(name: string, to: number): Parameter {
  return { name, type: 'DOUBLE', range: { what: name, from: 0, to, unit: 'degrees' } }
}

const SIZES = [extent('width', 360), extent('height', 180)]
const RADIUS = extent('radius', 180)

const OWN = { postgresql: 'own', qserv: 'own' } as const
const POSITION = [longitude('l'), latitude('b')]

/**
 * Geometry of ADQL 2.1 §4.2, in degrees. A text as the first argument of a constructor is the coordinate system: it is
 * taken, and changes nothing. How each is printed depends on the dialect's strategy, so all of them are its own.
 */
export const GEOMETRY: readonly FunctionRow[] = [
  {
    name: 'AREA',
    group: 'geometry',
    signatures: [{ parameters: [parameter('shape', 'GEOMETRY')], returns: 'DOUBLE', result: DOUBLE, unit: 'deg**2' }],
    meaning: 'Area of a shape, in square degrees.',
    sql: OWN,
  },
  {
    name: 'BOX',
    group: 'geometry',
    signatures: [
      { parameters: [...POSITION, ...SIZES], returns: 'POLYGON', result: POLYGON },
      {
        parameters: [parameter('centre', 'POINT'), ...SIZES],
        returns: 'POLYGON',
        result: POLYGON,
      },
    ],
    meaning:
      'Box around a position, its sides crossing the arms of a cross of the given width and height at right angles.',
    deprecated: 'ADQL 2.1 prefers POLYGON.',
    sql: OWN,
  },
  {
    name: 'CENTROID',
    group: 'geometry',
    signatures: [{ parameters: [parameter('shape', 'GEOMETRY')], returns: 'POINT', result: POINT }],
    meaning: 'Centre of a shape.',
    sql: OWN,
  },
  {
    name: 'CIRCLE',
    group: 'geometry',
    signatures: [
      { parameters: [...POSITION, RADIUS], returns: 'CIRCLE', result: CIRCLE },
      { parameters: [parameter('centre', 'POINT'), RADIUS], returns: 'CIRCLE', result: CIRCLE },
    ],
    meaning: 'Circle (cone) around a position; the radius in degrees, from 0 to 180.',
    sql: OWN,
  },
  {
    name: 'CONTAINS',
    group: 'geometry',
    signatures: [
      { parameters: [parameter('a', 'GEOMETRY'), parameter('b', 'GEOMETRY')], returns: 'INTEGER', result: INTEGER },
    ],
    meaning: '1 if a lies within b (its boundary included), else 0.',
    sql: OWN,
  },
  {
    name: 'COORD1',
    group: 'geometry',
    signatures: [{ parameters: [parameter('p', 'POINT')], returns: 'DOUBLE', result: DOUBLE, unit: 'deg' }],
    meaning: 'First coordinate of a point: longitude or right ascension, from 0 to 360 degrees.',
    sql: OWN,
  },
  {
    name: 'COORD2',
    group: 'geometry',
    signatures: [{ parameters: [parameter('p', 'POINT')], returns: 'DOUBLE', result: DOUBLE, unit: 'deg' }],
    meaning: 'Second coordinate of a point: latitude or declination, from -90 to 90 degrees.',
    sql: OWN,
  },
  {
    name: 'COORDSYS',
    group: 'geometry',
    signatures: [{ parameters: [parameter('shape', 'GEOMETRY')], returns: 'TEXT', result: TEXT }],
    meaning: 'Name of the coordinate system of a shape.',
    deprecated: 'ADQL 2.1 has no coordinate systems any more.',
    sql: OWN,
  },
  {
    name: 'DISTANCE',
    group: 'geometry',
    signatures: [
      {
        parameters: [parameter('a', 'POINT'), parameter('b', 'POINT')],
        returns: 'DOUBLE',
        result: DOUBLE,
        unit: 'deg',
      },
      {
        parameters: [longitude('l1'), latitude('b1'), longitude('l2'), latitude('b2')],
        returns: 'DOUBLE',
        result: DOUBLE,
        unit: 'deg',
      },
    ],
    meaning: 'Distance of two points along the great circle, in degrees.',
    sql: OWN,
  },
  {
    name: 'INTERSECTS',
    group: 'geometry',
    signatures: [
      { parameters: [parameter('a', 'GEOMETRY'), parameter('b', 'GEOMETRY')], returns: 'INTEGER', result: INTEGER },
    ],
    meaning: '1 if a and b have a point in common, else 0.',
    sql: OWN,
  },
  {
    name: 'POINT',
    group: 'geometry',
    signatures: [{ parameters: POSITION, returns: 'POINT', result: POINT }],
    meaning: 'Position on the sky: longitude from 0 to 360, latitude from -90 to 90 degrees.',
    sql: OWN,
  },
  {
    name: 'POLYGON',
    group: 'geometry',
    signatures: [
      {
        parameters: ['1', '2', '3'].flatMap((n) => [longitude(`l${n}`), latitude(`b${n}`)]),
        repeats: 2,
        returns: 'POLYGON',
        result: POLYGON,
      },
      {
        parameters: ['1', '2', '3'].map((n) => parameter(`p${n}`, 'POINT')),
        repeats: 1,
        returns: 'POLYGON',
        result: POLYGON,
      },
    ],
    meaning: 'Polygon of great circles through three vertices or more; the smaller of the two pieces of the sky.',
    sql: OWN,
  },
  {
    name: 'REGION',
    group: 'geometry',
    signatures: [{ parameters: [{ name: 'text', type: 'TEXT', literal: true }], returns: 'GEOMETRY', result: REGION }],
    meaning: "A shape as text, in DALI's form (`circle 10 20 1`) or STC-S (`CIRCLE ICRS 10 20 1`).",
    sql: OWN,
  },
]
