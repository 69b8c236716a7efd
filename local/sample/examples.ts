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

/** The same for the survey, whose queries Qserv answers: one SELECT without subqueries. */
export const HERON_EXAMPLES = [
  {
    name: 'Stars that have faded most',
    table: 'heron_alerts.Alert',
    description: 'The alerts with the largest changes of magnitude.',
    query: `SELECT TOP 10 alert_id, sent, ra, dec, change
  FROM heron_alerts.Alert
 ORDER BY change DESC`,
  },
  {
    name: 'Stars in a circle',
    table: 'heron_dr1.Star',
    description: 'A search by position, for which Qserv reads the pieces of the sky that the circle touches.',
    query: `SELECT star_id, ra, dec, mean_mag
  FROM heron_dr1.Star
 WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 180, 0, 10))`,
  },
  {
    name: 'The measurements of one star',
    table: 'heron_dr1.Epoch',
    description: 'By the identifier of the star, which says where they lie.',
    query: `SELECT star_id, mid_mjd, mag, mag_err
  FROM heron_dr1.Epoch
 WHERE star_id = 42
 ORDER BY mid_mjd`,
  },
  {
    name: 'Periods and mean magnitudes of variable stars',
    table: 'heron_dr1.VariableStar',
    description: 'Two tables joined by the identifier of the star.',
    query: `SELECT v.star_id, v.variability_class, v.period, s.mean_mag
  FROM heron_dr1.VariableStar AS v
  JOIN heron_dr1.Star AS s ON s.star_id = v.star_id
 WHERE v.class_probability > 0.9 AND v.period < 1`,
  },
] as const
