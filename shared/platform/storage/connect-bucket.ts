import { setMaxListeners } from 'node:events'
import type { Bucket as RemoteBucket } from '@google-cloud/storage'

export interface BucketConfig {
  readonly bucket: string
  /** null: Google's own. An `http:` address is a stand-in, which is called without credentials. */
  readonly apiEndpoint: string | null
}

const CLIENT_LISTENERS = 20

/** Loads the client, and opens a bucket with it. */
export async function connectBucket({ bucket, apiEndpoint }: BucketConfig): Promise<RemoteBucket> {
  const { Storage } = await import('@google-cloud/storage')
  // A download of the client puts eleven listeners on one stream; Node would warn of a leak each time.
  setMaxListeners(CLIENT_LISTENERS)
  const retryOptions = { autoRetry: false }
  if (apiEndpoint === null) return new Storage({ retryOptions }).bucket(bucket)
  const { origin, protocol, hostname } = new URL(apiEndpoint)
  if (protocol === 'http:') bypassProxy(hostname)
  const useAuthWithCustomEndpoint = protocol !== 'http:'
  const storage = new Storage({ apiEndpoint: origin, useAuthWithCustomEndpoint, retryOptions })
  // STORAGE_EMULATOR_HOST would be used beside the configured address.
  storage.baseUrl = `${origin}/storage/v1`
  if (protocol === 'http:') Object.assign(storage, { authClient: signWith(origin) })
  return storage.bucket(bucket)
}

/** The client sends even what stays on this machine through HTTP_PROXY, unless NO_PROXY names the host. */
function bypassProxy(hostname: string): void {
  if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return
  const listed = (process.env.NO_PROXY || process.env.no_proxy || '').split(',').filter((host) => host !== '')
  if (!listed.includes(hostname)) process.env.NO_PROXY = [...listed, hostname].join(',')
}

/** What the client needs to sign addresses; a stand-in signs for everybody, as IAM does for a service account. */
function signWith(origin: string) {
  const account = 'stand-in@local.iam.gserviceaccount.com'
  return {
    getCredentials: async () => ({ client_email: account }),
    sign: async (text: string) => {
      const answer = await fetch(`${origin}/v1/projects/-/serviceAccounts/${account}:signBlob`, {
        method: 'POST',
        body: JSON.stringify({ payload: Buffer.from(text).toString('base64') }),
      })
      if (!answer.ok) throw new Error(`the stand-in answered ${answer.status}`)
      const { signedBlob } = (await answer.json()) as { readonly signedBlob: string }
      return signedBlob
    },
  }
}
