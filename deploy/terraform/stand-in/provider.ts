/**
 * Stands in for a Terraform provider where none can be had: it tells the schema that is kept here, so that Terraform
 * itself can validate the configuration, and plan it with mocked resources. It makes nothing. Terraform starts it:
 * `node provider.ts google`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { ProviderSchema } from '../schema.ts'
import { schemasOf } from './schemas.ts'
import { complaintsAboutValues } from './values.ts'

/** Terraform ends its plugins; should it be killed itself, they do not stay behind. */
const LIFETIME_MS = 300_000

const google = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'provider-schema.json'), 'utf8'),
) as ProviderSchema
const MADE_UP_PASSWORD = Buffer.from(JSON.stringify({ length: 40, special: false, result: 'made-up' }))
/** An empty map in MessagePack, and the severity of an error in the protocol. */
const NOTHING = Buffer.from([0x80])
const ERROR = 1
const schemas = schemasOf(process.argv[2] ?? '', google)

const server = new grpc.Server()
server.addService(serviceOf('plugin.proto', 'tfplugin5', 'Provider'), {
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
server.addService(serviceOf('controller.proto', 'plugin', 'GRPCController'), {
  Shutdown: (_call: unknown, callback: grpc.sendUnaryData<object>) => {
    callback(null, {})
    setTimeout(() => process.exit(0), 20)
  },
})
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  // The line by which Terraform finds a plugin: versions of the handshake and of the protocol, address, kind.
  console.log(`1|5|tcp|127.0.0.1:${port}|grpc`)
})
setTimeout(() => process.exit(0), LIFETIME_MS)

interface Request {
  readonly type_name?: string
  readonly config?: { readonly msgpack: Buffer }
}

function answer(make: (request: Request) => object) {
  return ({ request }: { readonly request: Request }, callback: grpc.sendUnaryData<object>) =>
    callback(null, make(request))
}

function serviceOf(file: string, within: string, name: string): grpc.ServiceDefinition {
  const definitions = grpc.loadPackageDefinition(loadSync(join(import.meta.dirname, file), { keepCase: true }))
  const service = (definitions[within] as grpc.GrpcObject)[name] as grpc.ServiceClientConstructor
  return service.service
}
