const LONGEST = 80

/** What a client sent, for a message about it: in quotes, and never longer than a message may be. */
export function quoted(text: string): string {
  return JSON.stringify(text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}…`)
}
