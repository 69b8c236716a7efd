import { execFile } from 'node:child_process'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Failure } from '../../../shared/failure.ts'
import type { Problem } from '../../../shared/problem.ts'
import type { RegistryRecord } from '../../../shared/registry/record.ts'
import { formatRecord } from '../../../shared/registry/write-record.ts'

/** Records could not be held against a schema. */
export class SchemaError extends Failure {
  constructor(message: string) {
    super('malformed', 'schema', message)
  }
}

/** So many documents in one call. */
const BATCH = 200

/**
 * Holds records against an XML schema that imports all of those of the Virtual Observatory, by xmllint. A catalog.xml
 * beside the schema may say which file stands for which address; nothing is fetched.
 *
 * @param environmentFile what the problems are of
 * @throws SchemaError
 */
export async function findInvalid(
  environmentFile: string,
  records: readonly RegistryRecord[],
  schema: string,
): Promise<readonly Problem[]> {
  await access(schema).catch(() => {
    throw new SchemaError(`the XML schema ${schema} cannot be read`)
  })
  const folder = await mkdtemp(join(tmpdir(), 'almagest-records-'))
  try {
    const problems: Problem[] = []
    for (let start = 0; start < records.length; start += BATCH) {
      const batch = records.slice(start, start + BATCH)
      const names = batch.map((_, index) => `record-${start + index}.xml`)
      for (const [index, name] of names.entries()) {
        const record = batch[index]
        if (record !== undefined) await writeFile(join(folder, name), formatRecord(record, new Date()))
      }
      const complaints = await validate(folder, names, resolve(schema))
      for (const [index, record] of batch.entries()) {
        const complaint = complaints.get(names[index] ?? '')
        if (complaint !== undefined) problems.push(describe(environmentFile, record, complaint))
      }
    }
    return problems
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function describe(file: string, { ivoid, place: { path, at } }: RegistryRecord, complaint: string): Problem {
  const message = `the record ${ivoid} is not valid: ${complaint}`
  return { file, ...at, path, code: 'invalid_record', severity: 'error', message }
}

/** The first complaint about each document, by its name. */
async function validate(
  folder: string,
  names: readonly string[],
  schema: string,
): Promise<ReadonlyMap<string, string>> {
  const env = { ...process.env, XML_CATALOG_FILES: join(dirname(schema), 'catalog.xml') }
  const words = ['--nonet', '--noout', '--schema', schema, ...names]
  const { status, said } = await run(words, { cwd: folder, env })
  const complaints = new Map<string, string>()
  for (const line of said.split('\n')) {
    const [, name, complaint] =
      /^(record-\d+\.xml):\d+: (?:element \S+: Schemas validity error : )?(.+)$/.exec(line) ?? []
    if (name !== undefined && complaint !== undefined && !complaints.has(name)) complaints.set(name, complaint)
  }
  if (status !== 0 && complaints.size === 0) {
    throw new SchemaError(`xmllint cannot use the XML schema ${schema}: ${said.split('\n', 1)[0] ?? ''}`)
  }
  return complaints
}

function run(
  words: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly status: number; readonly said: string }> {
  return new Promise((done, fail) => {
    execFile('xmllint', words, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, _stdout, stderr) => {
      if (error === null) return done({ status: 0, said: stderr })
      if (typeof error.code === 'number') return done({ status: error.code, said: stderr })
      fail(new SchemaError(`xmllint, which holds records against the schema, cannot be started (${error.code})`))
    })
  })
}
