import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { ProviderSchema } from '../schema.ts'
import { type SchemasMessage, schemasOf } from './schemas.ts'
import { complaintsAboutValues } from './values.ts'

/** The providers of terraform/versions.tf. */
const NAMES = ['google', 'archive', 'random'] as const

export interface StandIns {
  /** What Terraform finds them by, as a variable of its environment. */
  readonly variables: Readonly<Record<string, string>>
  stop(): void
}

/**
 * Starts what stands in for the providers where none can be had: it gives Terraform the schema that is kept here, so that
 * Terraform itself can validate the configuration, and plan it with mocked resources. It makes nothing. Terraform would
 * start a provider anew for each of its steps; these run in this process, and it attaches to them as it does for
 * developers of providers ("Debugging Providers").
 */
export async function startProviders(): Promise<StandIns> {
  const google = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', 'provider-schema.json'), 'utf8'),
  ) as ProviderSchema
  const servers: grpc.Server[] = []
  const attach: Record<string, object> = {}
  for (const name of NAMES) {
    const server = createProvider(schemasOf(name, google))
    servers.push(server)
    const port = await listen(server)
    attach[`registry.terraform.io/hashicorp/${name}`] = {
      Protocol: 'grpc',
      ProtocolVersion: 5,
      Pid: process.pid,
      // It is left running when Terraform has done with it.
      Test: true,
      Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
    }
  }
  const stop = () => {
    for (const server of servers) server.forceShutdown()
  }
  return { variables: { TF_REATTACH_PROVIDERS: JSON.stringify(attach) }, stop }
}

const MADE_UP_PASSWORD = Buffer.from(JSON.stringify({ length: 40, special: false, result: 'made-up' }))
/** An empty map in MessagePack, and the severity of an error in the protocol. */
const NOTHING = Buffer.from([0x80])
const ERROR = 1

function createProvider(schemas: SchemasMessage): grpc.Server {
  const server = new grpc.Server()
  server.addService(readService(), {
    GetSchema: answer(() => schemas),
    PrepareProviderConfig: answer(({ config }) => ({ prepared_config: config })),
    ValidateResourceTypeConfig: answer(({ type_name = '', config }) => ({
      diagnostics: complaintsAboutValues(type_name, config?.msgpack ?? NOTHING).map((summary) => ({
        severity: ERROR,
        summary,
      })),
    })),
    ValidateDataSourceConfig: answer(() => ({})),
    ValidateEphemeralResourceConfig: answer(() => ({})),
    Configure: answer(() => ({})),
    ReadDataSource: answer(({ config }) => ({ state: config })),
    OpenEphemeralResource: answer(() => ({ result: { json: MADE_UP_PASSWORD } })),
    CloseEphemeralResource: answer(() => ({})),
    Stop: answer(() => ({})),
  })
  return server
}

/** @returns its port */
function listen(server: grpc.Server): Promise<number> {
  return new Promise((done, fail) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? done(port) : fail(error),
    )
  })
}

interface Request {
  readonly type_name?: string
  readonly config?: { readonly msgpack: Buffer }
}

function answer(make: (request: Request) => object) {
  return ({ request }: { readonly request: Request }, callback: grpc.sendUnaryData<object>) =>
    callback(null, make(request))
}

function readService(): grpc.ServiceDefinition {
  const file = join(import.meta.dirname, 'plugin.proto')
  const { tfplugin5 } = grpc.loadPackageDefinition(loadSync(file, { keepCase: true }))
  return ((tfplugin5 as grpc.GrpcObject).Provider as grpc.ServiceClientConstructor).service
}
