import { complaintAboutEndpoint } from './complaints.ts'
import { optional, section } from './sections.ts'
import { type ShapeOf, text } from './shapes.ts'

/** A path of the console's own host, or a whole address. */
function complaintAboutAddress(address: string): string | null {
  if (/^\/(?!\/)[^\s?#]*$/.test(address)) return null
  return complaintAboutEndpoint(address) === null ? null : 'is not a valid address: expected https://… or a path: /…'
}

function complaintAboutViewer(address: string): string | null {
  const isWhole = address.includes('{ra}') && address.includes('{dec}')
  return isWhole && complaintAboutEndpoint(address) === null
    ? null
    : 'is not the address of a sky viewer: expected https://… with {ra} and {dec}'
}

const address = text(complaintAboutAddress)

/** Where the console's page finds what it shows. */
export const CONSOLE = section({
  swapSchema: optional(
    address,
    null,
    'Address of `swap-schema`, as a browser reaches it: a path of the same host, or a whole URL. Without it the console shows no releases.',
  ),
  collectResults: optional(address, null, 'Address of `collect-results`. Without it the console shows no sweep.'),
  discovery: optional(
    address,
    null,
    'Address of the discovery service, without `/discovery`. Without it the console shows no datasets.',
  ),
  skyViewer: optional(
    text(complaintAboutViewer),
    null,
    'A sky viewer of your own that positions are opened in: a URL with `{ra}` and `{dec}`, in degrees.',
  ),
})

export type ConsoleConfig = ShapeOf<typeof CONSOLE>
