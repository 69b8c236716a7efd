import { expect, test } from 'vitest'
import { hideSecrets } from '../../../cli/terminal/secrets.ts'

test.each([
  ['in a URL', ['--database', 'postgresql://tap:s3cret@db/tap'], 's3cret'],
  ['encoded, as it is meant', ['--database', 'postgresql://tap:s%40cret@db/tap'], 's@cret'],
  ['behind an equals sign', ['--database=postgresql://tap:s3cret@db/tap'], 's3cret'],
  ['with an @ that should have been encoded', ['--database', 'postgresql://tap:s@cret@db/tap'], 's@cret'],
  ['with a slash that should have been encoded', ['--database', 'postgresql://tap:s/cret@db/tap'], 's/cret'],
  ['without a scheme', ['--database', 'tap:s3cret@db/tap'], 's3cret'],
  ['as a parameter', ['--database', 'postgresql:///tap?host=/run&user=x&password=s3cret'], 's3cret'],
  ['in connection parameters', ['--database', "host=db password='s3 cret'"], 's3 cret'],
  ['as a token', ['--token', 'eyJh.bGci'], 'eyJh.bGci'],
  ['as a token behind an equals sign', ['--token=eyJh.bGci'], 'eyJh.bGci'],
])('a secret %s is hidden wherever it turns up', (_, args, secret) => {
  const hide = hideSecrets(args, {})
  expect(hide(`before <${secret}> ${args.join(' ')} after`)).not.toContain(secret)
  expect(hide('nothing to hide')).toBe('nothing to hide')
})

test('secrets of the environment are hidden as well', () => {
  const hide = hideSecrets([], { ALMAGEST_DATABASE_URL: 'postgres://a:bcd@e/f', ALMAGEST_TOKEN: 'xyz' })
  expect(hide('bcd and xyz')).toBe('*** and ***')
})

test('without secrets a text stays as it is', () => {
  const hide = hideSecrets(['status', '--database', 'postgresql://tap@db:5432/tap'], {})
  expect(hide('cannot connect to tap on db:5432')).toBe('cannot connect to tap on db:5432')
})
