import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colour on a terminal only, and not with NO_COLOR. */
export function style(format: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream })
}
