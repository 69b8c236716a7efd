import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readSecret } from '../../shared/platform/secrets.ts'

async function directoryWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'almagest-secrets-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  return directory
}

describe('a secret', () => {
  it.each([
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' s3 cret ', ' s3 cret '],
    ['Ω', 'Ω'],
  ])('in the file %j is %j', async (content, secret) => {
    expect(await readSecret(await directoryWith({ 'tap-password': content }), 'tap-password')).toBe(secret)
  })

  it('may lie in a folder of its own, as Cloud Run mounts it', async () => {
    const directory = await directoryWith({})
    await mkdir(join(directory, 'tap-password'))
    await writeFile(join(directory, 'tap-password', 'value'), 's3cret\n')
    expect(await readSecret(directory, 'tap-password')).toBe('s3cret')
  })

  it.each(['', '.', '..', '../other', '/etc/passwd', 'a/b', 'a\\b', 'a\0b', 'a b'])(
    'is not looked for under the key %j',
    async (key) => {
      const failure = await readSecret(await directoryWith({}), key).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'secret', message: expect.stringContaining('cannot be the key') })
    },
  )

  it('that is missing is named, with its directory', async () => {
    const directory = await directoryWith({})
    await expect(readSecret(directory, 'tap-password')).rejects.toMatchObject({
      code: 'secret',
      permanent: false,
      message: `the secret tap-password is not in ${directory}`,
    })
  })

  it('that is empty, a directory or not text is a clear failure that does not show it', async () => {
    const directory = await directoryWith({ empty: '\n', binary: Buffer.from([0xff, 0xfe, 0x41]) })
    await mkdir(join(directory, 'folder'))
    await expect(readSecret(directory, 'empty')).rejects.toThrow(/empty/)
    await expect(readSecret(directory, 'folder')).rejects.toThrow(/is a directory/)
    await expect(readSecret(directory, 'binary')).rejects.toThrow(/not text in UTF-8/)
  })
})
