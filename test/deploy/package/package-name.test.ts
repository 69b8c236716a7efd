import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fillPackageName } from '../../../deploy/docs/package-name.ts'
import { PACKAGE, VERSION } from '../../../shared/version.ts'
import { ROOT } from '../../support/function-process.ts'

const documents = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]

test('documents call the package by the name in package.json; `npm run docs` writes another one', () => {
  const texts = documents.map((name) => readFileSync(join(ROOT, name), 'utf8'))
  expect(texts.map((text) => fillPackageName(text, PACKAGE))).toEqual(texts)
  const renamed = texts.map((text) => fillPackageName(text, '@observatory/tools'))
  expect(renamed.join('')).toContain('npm install --global @observatory/tools\n')
  expect(renamed.join('')).toContain("from '@observatory/tools/client'")
  expect(renamed.join('')).not.toContain(PACKAGE)
})

test('the version is written down in package.json alone', () => {
  const { version, packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  expect([version, packages[''].version, packages[''].name]).toEqual([VERSION, VERSION, PACKAGE])
})
