import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Subject {
  readonly commonName: string
  readonly organization?: string
  /** DNS names, as the subject's alternative names. */
  readonly dnsNames?: readonly string[]
  readonly publicKey: KeyObject
  readonly lifetimeMs: number
}

/** Just enough X.509 (RFC 5280) to be a certificate authority in a test: no dependency, no openssl. */
export class Authority {
  /** PEM */
  readonly certificate: string
  readonly #name: string
  readonly #key: KeyObject

  constructor(name: string) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#name = name
    this.#key = privateKey
    const isAuthority = extension('551d13', encode(0x01, Buffer.from([0xff])))
    this.certificate = this.#certify({ commonName: name, publicKey, lifetimeMs: 86_400_000 }, [isAuthority])
  }

  /** A certificate for somebody's public key, in PEM. */
  issue(subject: Subject): string {
    const names = (subject.dnsNames ?? []).map((dnsName) => encode(0x82, Buffer.from(dnsName)))
    return this.#certify(subject, names.length > 0 ? [extension('551d11', ...names)] : [])
  }

  #certify(subject: Subject, extensions: readonly Buffer[]): string {
    const now = Date.now()
    const body = encode(
      0x30,
      encode(0xa0, encode(0x02, Buffer.from([2]))),
      encode(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      RSA_WITH_SHA256,
      name({ commonName: this.#name }),
      encode(0x30, time(now - 60_000), time(now + subject.lifetimeMs)),
      name(subject),
      subject.publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length > 0 ? [encode(0xa3, encode(0x30, ...extensions))] : []),
    )
    const signature = encode(0x03, Buffer.from([0]), sign('sha256', body, this.#key))
    return toPem(encode(0x30, body, RSA_WITH_SHA256, signature))
  }
}

/** One value in DER (X.690): tag, length, content. */
function encode(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const digits = content.length.toString(16)
  const length = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

/** An object identifier, already encoded. */
function object(identifier: string): Buffer {
  return encode(0x06, Buffer.from(identifier, 'hex'))
}

function extension(identifier: string, ...values: readonly Buffer[]): Buffer {
  return encode(0x30, object(identifier), encode(0x04, encode(0x30, ...values)))
}

const RSA_WITH_SHA256 = encode(0x30, object('2a864886f70d01010b'), encode(0x05))

function name({ commonName, organization }: Pick<Subject, 'commonName' | 'organization'>): Buffer {
  const part = (identifier: string, text: string) =>
    encode(0x31, encode(0x30, object(identifier), encode(0x0c, Buffer.from(text))))
  return encode(0x30, ...(organization === undefined ? [] : [part('55040a', organization)]), part('550403', commonName))
}

/** GeneralizedTime */
function time(milliseconds: number): Buffer {
  return encode(0x18, Buffer.from(new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '')))
}

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
