import { useEffect, useState } from 'preact/hooks'
import type { Config } from './config.ts'

/** What the address says after `#/`: `releases/tap?slot=staging`. */
export interface Place {
  readonly view: string
  readonly rest: readonly string[]
  readonly query: URLSearchParams
}

/** What every view is given. */
export interface ViewProps {
  readonly config: Config
  readonly place: Place
}

export function linkTo(
  view: string,
  rest: readonly string[] = [],
  query: Readonly<Record<string, string>> = {},
): string {
  const path = [view, ...rest].map(encodeURIComponent).join('/')
  const search = new URLSearchParams(query).toString()
  return `#/${path}${search === '' ? '' : `?${search}`}`
}

export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const follow = () => setHash(location.hash)
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return readPlace(hash)
}

function readPlace(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [view = '', ...rest] = path.split('/').map(decode)
  return { view, rest, query: new URLSearchParams(search) }
}

/** An address that somebody has typed may hold a lone %. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
