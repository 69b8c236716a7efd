// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL and sources are quoted here
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { bodiesOf, readConfiguration } from '../../../deploy/terraform/configuration.ts'
import { SKY } from '../../../local/sample/sample.ts'
import { temporaryFolder } from '../../support/function-process.ts'

interface Step {
  readonly id: string
  readonly name: string
  readonly waitFor: readonly string[]
  readonly timeout: string
  readonly script: string
  readonly allowFailure?: boolean
}

interface BuildFile {
  readonly substitutions: Readonly<Record<string, string>>
  readonly options: { readonly logging: string; readonly automapSubstitutions: boolean }
  readonly timeout: string
  readonly steps: readonly Step[]
}

const root = join(import.meta.dirname, '../..', '..')
const build = load(readFileSync(join(root, 'cloudbuild.yaml'), 'utf8')) as BuildFile
const { scripts, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const steps = new Map(build.steps.map((step) => [step.id, step]))
const blocks = (await readConfiguration(join(root, 'terraform'))).flatMap((module) => module.blocks)

/** Everything that is done before a step. */
function before(id: string): Set<string> {
  const earlier = steps.get(id)!.waitFor.filter((name) => name !== '-')
  return new Set(earlier.flatMap((name) => [name, ...before(name)]))
}

test('every npm command of the build is a script of package.json', () => {
  const commands = build.steps.flatMap(({ script }) => [...script.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)])
  const names = commands.map(([, run, short]) => run ?? short!)
  expect(names.sort()).toEqual(['build', 'check:terraform', 'test'])
  for (const name of names) expect(Object.keys(scripts)).toContain(name)
})

test('every file that the build names is there', () => {
  const text = build.steps.map(({ script }) => script).join('\n')
  const [, target] = /docker build --target (\S+)/.exec(text) ?? []
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toMatch(new RegExp(`^FROM .* AS ${target}$`, 'm'))
  expect(existsSync(join(root, 'terraform', 'environments', `${build.substitutions._ENVIRONMENT}.tfvars`))).toBe(true)
})

test('the image that is built of a folder of archives is the one that the service runs', async () => {
  const locals = blocks.find(({ kind, body }) => kind === 'locals' && 'images' in body)!.body
  const image = '${var.region}-docker.pkg.dev/${var.project}/${var.image_repository}/${name}:${hash}'
  expect(locals.images).toContain(`: name => "${image}"`)
  expect(locals.archives).toContain(': name => "${path.root}/.terraform/archives/${name}-${hash}"')
  const archives = blocks.filter(({ labels }) => labels[0] === 'archive_file')
  expect(archives.map(({ body }) => body.output_path)).toEqual([
    '${local.archives[each.key]}/bundle.tar.gz',
    '${local.archives[each.key]}/environment.tar.gz',
  ])

  const folder = await temporaryFolder()
  for (const name of ['collect-results-0123456789abcdef', 'load-release-fedcba9876543210']) {
    await pack(join(folder, 'terraform/.terraform/archives', name, 'bundle.tar.gz'), { 'index.js': `// ${name}\n` })
    await pack(join(folder, 'terraform/.terraform/archives', name, 'environment.tar.gz'), { Dockerfile: 'FROM node\n' })
  }
  const docker =
    'if [ "$1" = pull ]; then [[ "$3" == */load-release:* ]]; else echo "$@"; if [ "$1" = build ]; then ls "$4"; fi; fi'
  const { output } = runStep('functions', { folder, commands: { docker }, variables: { _APPLY: 'true' } })
  expect(output.split('\n')).toEqual([
    'build --tag r-docker.pkg.dev/p/i/collect-results:0123456789abcdef contexts/collect-results-0123456789abcdef',
    'Dockerfile',
    'index.js',
    'push r-docker.pkg.dev/p/i/collect-results:0123456789abcdef',
    '',
  ])
})

async function pack(archive: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(dirname(archive), { recursive: true })
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  execFileSync('tar', ['-czf', archive, '-C', folder, ...Object.keys(files)])
}

const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' })
const PYTHON = python.status === 0 ? python.stdout.trim() : undefined

interface StepRun {
  readonly folder: string
  /** Programs that only Cloud Build has, as shell scripts. */
  readonly commands: Readonly<Record<string, string>>
  readonly variables: Readonly<Record<string, string>>
}

interface StepOutcome {
  readonly status: number | null
  readonly output: string
  /** Lines that the programs have left in the file `asked`. */
  readonly asked: readonly string[]
}

/** Runs a step of the build as Cloud Build does. */
function runStep(id: string, { folder, commands, variables }: StepRun): StepOutcome {
  const programs = mkdtempSync(join(folder, 'programs-'))
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(programs, name), `#!/usr/bin/env bash\n${script}\n`, { mode: 0o755 })
  }
  // Python itself, not a wrapper that looks for one each time.
  if (PYTHON !== undefined) symlinkSync(PYTHON, join(programs, 'python3'))
  const env = { _REGION: 'r', PROJECT_ID: 'p', _REPOSITORY: 'i', ...variables, PATH: `${programs}:${process.env.PATH}` }
  const { status, stdout } = spawnSync('bash', ['-c', steps.get(id)!.script], { cwd: folder, env, encoding: 'utf8' })
  const asked = join(folder, 'asked')
  return { status, output: stdout, asked: existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : [] }
}

test('all images start from the same one, by its digest, with the Node.js of the tests', () => {
  const files = ['terraform/modules/functions/Dockerfile', 'Dockerfile']
  const lines = files.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(/^FROM (\S+)/gm)])
  const bases = new Set(lines.map(([, base = '']) => base))
  expect([lines.length, bases.size]).toEqual([4, 1])
  const [base = ''] = bases
  expect(base).toMatch(/^node:\d+\.\d+\.\d+-slim@sha256:[0-9a-f]{64}$/)
  expect(base).toContain(`node:${devDependencies.node}-slim@`)
})

test('the image of a function holds what its start needs, and is prepared and run by the same user', () => {
  const file = readFileSync(join(root, 'terraform', 'modules', 'functions', 'Dockerfile'), 'utf8')
  const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const at = (start: string) => lines.findIndex((line) => line.startsWith(start))
  expect(lines).toContain('WORKDIR /workspace')
  expect(at('RUN npm ci')).toBeGreaterThan(at('COPY package.json package-lock.json'))
  expect(at('COPY . .')).toBeGreaterThan(at('RUN npm ci'))
  // What the archives hold can be read by everybody: changing modes here would double the layer.
  expect(lines.filter((line) => /\bch(mod|own)\b/.test(line))).toEqual([])
  for (const { body } of blocks.filter(({ labels }) => labels[0] === 'archive_file'))
    expect(body.output_file_mode).toBe('0644')
  expect(at('USER node')).toBeGreaterThan(at('RUN install -d -o node .compile-cache'))
  expect(at('RUN npm run gcp-build')).toBeGreaterThan(at('USER node'))
  const [service] = blocks.filter(({ labels }) => labels[0] === 'google_cloud_run_v2_service')
  const [container] = bodiesOf(service!.body.template).flatMap(({ containers }) => bodiesOf(containers))
  const env = new Map(bodiesOf(container!.env).map(({ name, value }) => [name, value]))
  expect(container!.image).toBe('${local.images[each.key]}')
  expect(env.get('FUNCTION_TARGET')).toBe('${each.key}')
  expect(env.get('ALMAGEST_ENVIRONMENT')).toBe('/workspace/environment.yaml')
  expect(env.get('NODE_COMPILE_CACHE')).toBe('/workspace/.compile-cache')
})

test('steps have different names and wait for steps that come before them in the file', () => {
  expect(steps.size).toBe(build.steps.length)
  build.steps.forEach(({ waitFor }, index) => {
    const earlier = build.steps.slice(0, index).map(({ id }) => id)
    for (const name of waitFor) expect(['-', ...earlier]).toContain(name)
  })
})

test('nothing is planned that was not checked, tested and built, and nothing applied that was not planned and kept', () => {
  expect([...before('test')].sort()).toEqual(['install', 'postgres', 'restore-cache'])
  expect([...before('plan')]).toEqual(expect.arrayContaining(['test', 'check-terraform', 'build', 'image']))
  expect([...before('functions')]).toEqual(expect.arrayContaining(['plan', 'build']))
  expect([...before('push-image')]).toEqual(expect.arrayContaining(['test', 'image', 'plan']))
  expect([...before('apply')]).toEqual(expect.arrayContaining(['plan', 'keep-plan', 'push-image', 'functions']))
  expect(steps.get('init')!.waitFor).toEqual(['apply'])
  expect(steps.get('sample')!.waitFor).toEqual(['init'])
  expect(steps.get('smoke')!.waitFor).toEqual(['sample'])
  expect(steps.get('apply')!.script).toContain('terraform apply -input=false plan.tfplan')
})

test('a step that changes anything does nothing unless the trigger says so', () => {
  expect(build.substitutions._APPLY).toBe('false')
  for (const id of ['push-image', 'apply', 'init', 'sample', 'smoke', 'save-cache']) {
    expect(steps.get(id)!.script, id).toMatch(/if \[ "\$_APPLY" != true \]; then (echo "[^"]*"; )?exit 0; fi/)
  }
  const changing = /terraform apply|docker push|jobs execute|gcloud storage cp - /
  const named = ['apply', 'init', 'push-image', 'functions', 'save-cache']
  const others = build.steps.filter(({ id }) => !named.includes(id))
  expect(others.filter(({ script }) => changing.test(script))).toEqual([])
  const { script } = steps.get('functions')!
  expect(script.match(/docker push/g)).toHaveLength(1)
  expect(script).toMatch(/if \[ "\$_APPLY" = true \]; then docker push/)
})

test('the sample is what the build uploads, where the trigger says so', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'terraform'))
  await writeFile(join(folder, 'terraform/outputs.json'), '{"releases_bucket": {"value": "gs://releases"}}')
  const node = `if [ "$1" = -p ]; then "${process.execPath}" "$@"; else echo "$@" >> asked; fi`
  const upload = (sample: string) =>
    runStep('sample', { folder, commands: { node }, variables: { _APPLY: 'true', _SAMPLE: sample } })
  expect(upload('false')).toMatchObject({ status: 0, asked: [] })
  expect(upload('true').asked).toEqual([
    `cli/almagest.js publish --version ${SKY.version} --to gs://releases local/sample/sky`,
  ])
  expect(existsSync(SKY.folder)).toBe(true)
})

test('every step ends in time, the whole within the hour, and failing is only allowed where nothing depends on it', () => {
  const seconds = (timeout: string) => Number(/^(\d+)s$/.exec(timeout)![1])
  for (const { id, timeout } of build.steps) expect(seconds(timeout), id).toBeLessThan(seconds(build.timeout))
  expect(build.steps.filter(({ allowFailure }) => allowFailure === true).map(({ id }) => id)).toEqual(['save-cache'])
  expect(build.steps.filter(({ waitFor }) => waitFor.includes('save-cache'))).toEqual([])
})

test('each trigger has an account of its own, only the one of main applies, after approval; logs need no bucket', () => {
  expect(build.options).toMatchObject({ logging: 'CLOUD_LOGGING_ONLY', automapSubstitutions: true })
  const triggers = blocks.filter(({ labels }) => labels[0] === 'google_cloudbuild_trigger')
  expect(triggers.map(({ labels, body }) => [labels[1], body.service_account])).toEqual([
    ['check', '${google_service_account.check.id}'],
    ['deploy', '${google_service_account.deploy.id}'],
  ])
  const [check, deploy] = triggers.map(({ body }) => body)
  expect(check!.substitutions).toContain('_APPLY = "false"')
  expect(deploy!.substitutions).toContain('_APPLY = "true"')
  expect(bodiesOf(deploy!.approval_config)).toEqual([{ approval_required: true }])
  expect(bodiesOf(deploy!.repository_event_config)).toMatchObject([{ push: [{ branch: '^main$' }] }])
})

test('every substitution of the build is given by the triggers', () => {
  const given = blocks.find(({ kind, body }) => kind === 'locals' && 'substitutions' in body)!.body
    .substitutions as object
  expect([...Object.keys(given), '_APPLY'].sort()).toEqual(Object.keys(build.substitutions).sort())
})

test('no step asks for a path that Cloud Run keeps to itself', () => {
  const { script } = steps.get('smoke')!
  const paths = [...script.matchAll(/^ *call "\$\(url [\w-]+\)" (\S+)/gm)].map(([, path = '']) => path)
  expect([...new Set(paths)]).toEqual(['/servers', '/', expect.stringMatching(/^"\/\$server\/sync\?/)])
  for (const path of paths) expect(path.replace(/\?.*/, '')).not.toMatch(/z$|^\/(eventlog|_ah\/)/)
})

/** Writes down what it is asked, and answers as IAM Credentials do; functions answer as `$ANSWER` says. */
const CURL = `
url="\${@: -1}"
{ echo "$url"; for word in "$@"; do case "$word" in Authorization:*|*audience*) echo "$word";; esac; done; } >> asked
case "$url" in
  https://iamcredentials.*) echo '{"token": "identity-token"}'; exit 0;;
  */servers) echo '{"servers": [{"name": "tap", "live": "r1"}, {"name": "new", "live": null, "staging": "'"$STAGED"'"}, {"name": "closed", "live": "r1"}]}';;
  */sync*) printf "$ROWS";;
esac
exit "$ANSWER"`

describe.skipIf(PYTHON === undefined)('the smoke test', () => {
  const URLS = {
    ...{ 'swap-schema': 'https://swap.run.app', discovery: 'https://discovery.run.app' },
    tap: 'https://tap.run.app',
  }
  const ACCOUNT = 'almagest-deploy@p.iam.gserviceaccount.com'
  interface Deployed {
    readonly commands?: Readonly<Record<string, string>>
    /** Servers that everybody may query. */
    readonly opened?: readonly string[]
    /** What a query is answered. */
    readonly rows?: string
    /** Whether a sample was uploaded. */
    readonly sample?: boolean
    /** The release that is staged on `new`. */
    readonly staged?: string
  }
  const smoke = async (answer: string, deployed: Deployed = {}) => {
    const { commands = {}, opened = [], rows = '', sample = false, staged = 'r1' } = deployed
    const folder = await temporaryFolder()
    const outputs = { urls: { value: URLS }, open_tap_servers: { value: opened } }
    await mkdir(join(folder, 'terraform'))
    await writeFile(join(folder, 'terraform/outputs.json'), JSON.stringify(outputs))
    return runStep('smoke', {
      folder,
      commands: { curl: CURL, gcloud: '[ "$*" = "auth print-access-token" ] && echo access-token', ...commands },
      variables: {
        ...{ _APPLY: 'true', _SAMPLE: String(sample), SERVICE_ACCOUNT_EMAIL: ACCOUNT },
        ...{ ANSWER: answer, ROWS: rows, STAGED: staged },
      },
    })
  }

  test('asks each function with an identity token that was made for it, by the one right that the account has', async () => {
    const { status, asked } = await smoke('0')
    expect(status).toBe(0)
    const made = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${ACCOUNT}:generateIdToken`
    const tokenFor = (url: string) => [
      made,
      'Authorization: Bearer access-token',
      JSON.stringify({ audience: url, includeEmail: true })
        .replaceAll(/([:,])/g, '$1 ')
        .replace(': //', '://'),
    ]
    expect(asked).toEqual([
      ...tokenFor(URLS['swap-schema']),
      `${URLS['swap-schema']}/servers`,
      'Authorization: Bearer identity-token',
      ...tokenFor(URLS.discovery),
      `${URLS.discovery}/`,
      'Authorization: Bearer identity-token',
    ])
    const granted = blocks.find(({ labels }) => labels[1] === 'deploy_token')!.body.role
    expect(granted).toBe('roles/iam.serviceAccountOpenIdTokenCreator')
  })

  test('queries each TAP server that everybody may ask and that has a live release', async () => {
    const { status, asked } = await smoke('0', { opened: ['new', 'tap'], rows: 'table_name\\r\\nsky.stars\\r\\n' })
    expect(status).toBe(0)
    const queries = asked.filter((line) => line.includes('/sync'))
    expect(queries).toEqual([
      'https://tap.run.app/tap/sync?LANG=ADQL&FORMAT=csv&QUERY=SELECT+TOP+1+table_name+FROM+TAP_SCHEMA.tables',
    ])
  })

  test.each([
    ['has no row', 'table_name\\r\\n'],
    ['is empty', ''],
  ])('fails when what a query is answered %s', async (_what, rows) => {
    const { status, output } = await smoke('0', { opened: ['tap'], rows })
    expect(status).toBe(1)
    expect(output).toContain('tap: expected a header and one row')
  })

  test('sees that the sample is loaded, where one was uploaded', async () => {
    const commands = { sleep: 'echo slept >> asked' }
    const loaded = await smoke('0', { commands, sample: true, staged: 'releases/sky-1' })
    expect([loaded.status, loaded.asked.includes('slept')]).toEqual([0, false])
    expect(loaded.output).toContain('the sample is loaded by: new')
    const missing = await smoke('0', { commands, sample: true })
    expect(missing.status).toBe(1)
    expect(missing.asked.filter((line) => line === 'slept')).toHaveLength(20)
    expect(missing.output).toContain('no server has staged the sample')
  })

  test('fails when a function does not answer, or no token can be made', async () => {
    expect((await smoke('22')).status).not.toBe(0)
    expect((await smoke('0', { commands: { gcloud: 'exit 1' } })).status).not.toBe(0)
    expect((await smoke('0', { commands: { curl: 'exit 22' } })).status).not.toBe(0)
  })
})

test('providers are taken by the lock file once it is there', () => {
  expect(steps.get('plan')!.script).toMatch(
    /if \[ -f \.terraform\.lock\.hcl \]; then lockfile=-lockfile=readonly; else lockfile=; fi/,
  )
})

test('the plan is made after Terraform has validated and tested the files with the real providers, and of it alone images are built', () => {
  const script = steps.get('plan')!.script
  const order = [
    'terraform init',
    'terraform validate',
    'terraform test',
    'rm -rf .terraform/archives',
    'terraform plan',
  ]
  const found = order.map((command) => script.search(new RegExp(`^ *${command}\\b`, 'm')))
  expect(found).toEqual(found.toSorted((one, other) => one - other))
  expect(found).not.toContain(-1)
})

test('every output that the build reads is an output of the configuration', () => {
  const read = build.steps.flatMap(({ script }) =>
    [...script.matchAll(/outputs\.json"\)\)\["(\w+)"\]/g)].map(([, name]) => name),
  )
  const outputs = blocks
    .filter(({ kind, file }) => kind === 'output' && file === 'outputs.tf')
    .map(({ labels }) => labels[0])
  expect(read.length).toBeGreaterThan(1)
  for (const name of read) expect(outputs).toContain(name)
})

test('the scripts are shell that parses', () => {
  for (const { id, script } of build.steps) {
    expect(() => execFileSync('bash', ['-n'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] }), id).not.toThrow()
  }
})
