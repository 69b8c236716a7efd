/**
 * What the sky of the sample is asked first, in words that clients of ADQL 2.0 understand too: they check examples by the
 * grammar that they know.
 */
export const SKY_EXAMPLES = [
  {
    name: 'The brightest stars around Orion’s belt',
    table: 'sky.stars',
    description: 'A cone of 10 degrees around Alnilam.',
    query: `SELECT TOP 10 name, designation, ra, dec, vmag
  FROM sky.stars
 WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 84.05, -1.20, 10))
 ORDER BY vmag`,
  },
  {
    name: 'Stars nearer than ten parsecs',
    table: 'sky.stars',
    description: 'Those that can be seen without a telescope, with their distances.',
    query: `SELECT hip, name, 1000 / parallax AS parsecs, vmag
  FROM sky.stars
 WHERE parallax > 100
 ORDER BY parallax DESC`,
  },
  {
    name: 'Messier objects with a named star in front',
    table: 'sky.deep_sky',
    description: 'Two tables joined by positions: within 0.2 degrees.',
    query: `SELECT d.messier, d.common_names, s.name, s.vmag
  FROM sky.deep_sky AS d
  JOIN sky.stars AS s ON 1 = CONTAINS(POINT('ICRS', s.ra, s.dec), CIRCLE('ICRS', d.ra, d.dec, 0.2))
 WHERE d.messier IS NOT NULL AND s.name IS NOT NULL
 ORDER BY messier`,
  },
  {
    name: 'Observations around the Galactic centre',
    table: 'ivoa.ObsCore',
    description: 'Within 15 degrees, from the archives that the sample has observations of.',
    query: `SELECT obs_collection, obs_id, s_ra, s_dec, access_url
  FROM ivoa.ObsCore
 WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 266.417, -29.008, 15))`,
  },
] as const
