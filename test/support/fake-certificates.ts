import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { Authority } from '../../local/cloud-sql/x509.ts'

const HOST = 'www.googleapis.com'

/** The place where Google publishes the certificates of its identity tokens, as a process behind a proxy sees it. */
export interface FakeCertificates {
  /** For the environment of that process. */
  readonly variables: Readonly<Record<string, string>>
  /** How often the certificates were asked for. */
  readonly asked: () => number
  /** Whether they can be fetched at all. */
  available: boolean
  /** An identity token, signed with Google's key unless another one is given. */
  sign(claims: object, key?: KeyObject, header?: object): string
  stop(): void
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** @param folder for the certificate of the authority that the process has to trust */
export async function startFakeCertificates(folder: string): Promise<FakeCertificates> {
  const google = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const authority = new Authority('Test authority')
  const site = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { publicKey } = site
  const cert = authority.issue({ commonName: HOST, dnsNames: [HOST], publicKey, lifetimeMs: 3_600_000 })
  const signer = authority.issue({ commonName: 'tokens', publicKey: google.publicKey, lifetimeMs: 3_600_000 })
  const state = { available: true, asked: 0 }
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    state.asked += 1
    const found = state.available && request.url === '/oauth2/v1/certs'
    response.writeHead(found ? 200 : 403, { 'content-type': 'application/json', 'cache-control': 'max-age=3600' })
    response.end(JSON.stringify(found ? { key1: signer } : {}))
  }
  const key = site.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const tls = createTlsServer({ key, cert }, answer)
  await once(tls.listen(0, '127.0.0.1'), 'listening')
  const proxy = createServer((_, response) => void response.writeHead(405).end())
  proxy.on('connect', ({ url }, socket, head) => {
    if (url !== `${HOST}:443`) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const upstream = connect((tls.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [socket, upstream]) end.on('error', () => {})
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const file = join(folder, 'authority.pem')
  await writeFile(file, authority.certificate)
  return {
    variables: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: file,
    },
    asked: () => state.asked,
    set available(value: boolean) {
      state.available = value
    },
    sign(claims, key = google.privateKey, header = { alg: 'RS256', kid: 'key1' }) {
      const signed = `${encode(header)}.${encode(claims)}`
      return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`
    },
    stop() {
      for (const server of [proxy, tls]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}
