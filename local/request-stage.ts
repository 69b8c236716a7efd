import { FunctionError } from '../cli/commands/server/function-access.ts'

/**
 * Asks swap-schema to stage a release that lies in the bucket. What becomes of it is in the server's history.
 *
 * @throws FunctionError
 */
export async function requestStage(functionUrl: string, server: string, version: string): Promise<void> {
  const answer = await fetch(`${functionUrl}/servers/${encodeURIComponent(server)}/stage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new FunctionError(answer.status, `http_${answer.status}`, readMessage(text))
}

function readMessage(text: string): string {
  try {
    return String(JSON.parse(text).detail[0].msg)
  } catch {
    return text.slice(0, 500)
  }
}
