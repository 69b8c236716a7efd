import { dot, type Vector } from './vectors.ts'

export type Matrix = readonly [Vector, Vector, Vector]

/**
 * Rotations from ICRS, made of: the orientation of FK5 against ICRS (-19.9, -9.1 and 22.9 mas, Hipparcos); the galactic
 * pole and centre in FK5 (Reid & Brunthaler 2004); FK4 to FK5 (Murray 1989), without E-terms; the mean ecliptic of J2000 (IAU 2006).
 */
const FROM_ICRS: Readonly<Record<string, Matrix>> = {
  ICRS: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  GALACTIC: [
    [-0.05487565771259163, -0.8734370519556159, -0.48383507361671546],
    [0.4941094371927268, -0.4448297212232952, 0.7469821839866676],
    [-0.8676661375596576, -0.19807633727300053, 0.4559838136873016],
  ],
  FK5: [
    [0.9999999999999921, -1.1102233297408327e-7, -4.411804498096771e-8],
    [1.1102233723050035e-7, 0.9999999999999889, 9.647792246010129e-8],
    [4.411803426976326e-8, -9.647792751958126e-8, 0.9999999999999943],
  ],
  FK4: [
    [0.9999256809514492, 0.011181371753884796, 0.004858960740738826],
    [-0.011181372203849871, 0.9999374861373449, -2.707332853596656e-5],
    [-0.0048589597052854224, -2.725853209429822e-5, 0.9999881948140961],
  ],
  ECLIPTIC: [
    [0.9999999999999941, -7.078368960971556e-8, 8.056213977613186e-8],
    [3.2897004077419646e-8, 0.9174821299149584, 0.39777699944404793],
    [-1.0207044725484355e-7, -0.39777699944404304, 0.9174821299149556],
  ],
}

export const FRAME_NAMES: readonly string[] = Object.keys(FROM_ICRS)

/** The rotation that gives the coordinates in `to` of what has its coordinates in `from`. */
export function rotationBetween(from: string, to: string): Matrix {
  const [source, target] = [FROM_ICRS[from], FROM_ICRS[to]]
  if (source === undefined || target === undefined) throw new RangeError(`no frame ${from} or ${to}`)
  return product(target, transposed(source))
}

/** The inverse of a rotation. */
export function transposed([x, y, z]: Matrix): Matrix {
  return [
    [x[0], y[0], z[0]],
    [x[1], y[1], z[1]],
    [x[2], y[2], z[2]],
  ]
}

function product(a: Matrix, b: Matrix): Matrix {
  const columns = transposed(b)
  const row = (v: Vector): Vector => rotated(v, columns)
  return [row(a[0]), row(a[1]), row(a[2])]
}

export function rotated(v: Vector, matrix: Matrix): Vector {
  return [dot(matrix[0], v), dot(matrix[1], v), dot(matrix[2], v)]
}
