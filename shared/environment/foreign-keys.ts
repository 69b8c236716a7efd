/** Top-level keys of a Repertoire configuration that mean nothing here, so that a whole file can be used. */
export const FOREIGN_KEYS: readonly string[] = [
  'logLevel',
  'logProfile',
  'metrics',
  'sentry',
  'slackAlerts',
  'slackWebhook',
  'token',
]
