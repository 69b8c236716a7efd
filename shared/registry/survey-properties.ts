import { readProperties } from '../discovery/hips-properties.ts'
import type { Coverage } from '../environment/registry.ts'

/** What a HiPS survey says of itself (HiPS 1.0 §4.4.1); null: nothing of that. */
export interface SurveyDescription {
  readonly title: string | null
  readonly description: string | null
  readonly coverage: Coverage | null
}

export function describeSurvey(properties: string): SurveyDescription {
  const found = readProperties(properties)
  const coverage: Coverage = {
    spatial: Number(found.get('moc_sky_fraction')) >= 1 ? WHOLE_SKY : null,
    temporal: rangeOf(found.get('t_min'), found.get('t_max')),
    spectral: energiesOf(rangeOf(found.get('em_min'), found.get('em_max'))),
    waveband: WAVEBANDS.filter((name) => name === found.get('obs_regime')),
  }
  const { spatial, temporal, spectral, waveband } = coverage
  const isEmpty = spatial === null && temporal === null && spectral === null && waveband.length === 0
  return {
    title: found.get('obs_title') ?? null,
    description: found.get('obs_description') ?? null,
    coverage: isEmpty ? null : coverage,
  }
}

/** Every cell of the lowest order; a part of the sky would need the survey's MOC. */
const WHOLE_SKY = '0/0-11'

const WAVEBANDS: Coverage['waveband'] = [
  'Radio',
  'Millimeter',
  'Infrared',
  'Optical',
  'UV',
  'EUV',
  'X-ray',
  'Gamma-ray',
]

function rangeOf(from: string | undefined, to: string | undefined): readonly [number, number] | null {
  const [low, high] = [Number(from || Number.NaN), Number(to || Number.NaN)]
  return low <= high ? [low, high] : null
}

/** Planck's constant times the speed of light, J m. */
const HC = 1.986445857e-25

/** Wavelengths in m as energies of photons in J. */
function energiesOf(wavelengths: readonly [number, number] | null): readonly [number, number] | null {
  if (wavelengths === null || wavelengths[0] <= 0) return null
  const [short, long] = wavelengths
  return [Number((HC / long).toPrecision(6)), Number((HC / short).toPrecision(6))]
}
