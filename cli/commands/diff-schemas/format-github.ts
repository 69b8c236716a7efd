import { showControls } from '../../../shared/printable.ts'
import { annotate } from '../../felis-files/format-github.ts'
import { describeField, describeStructureChange } from './describe-change.ts'
import type { FilesDiff } from './files-diff.ts'

/** Workflow commands of GitHub Actions: breaking changes become warnings of their lines, the others notices. */
export function formatGithub({ tapSchema, structure, placeOf }: FilesDiff): string {
  const ofTapSchema = (tapSchema?.changes ?? []).map((change) => {
    const { kind, name, formerName } = change
    const text = `${kind} ${name} ${change.change}${formerName === undefined ? '' : ` (was ${formerName})`}`
    return { change, name, title: 'TAP_SCHEMA', text }
  })
  const ofTables = (structure?.changes ?? []).map((change) => {
    const why = change.why === undefined ? '' : `: ${change.why}`
    return { change, name: change.name, title: 'tables', text: `${describeStructureChange(change)}${why}` }
  })
  const lines = [...ofTapSchema, ...ofTables].map(({ change, name, title, text }) => {
    const fields = Object.entries(change.fields ?? {}).map(([field, values]) => describeField(field, values))
    const place = placeOf(name)
    return annotate(change.breaking ? 'warning' : 'notice', {
      // A file of a commit is annotated as the file.
      file: place?.file.replace(/^[^:/]+:/, ''),
      line: place?.line,
      title: `${change.breaking ? 'breaking' : 'compatible'} change (${title})`,
      message: [text, ...fields].join('; '),
    })
  })
  const breaking = [...ofTapSchema, ...ofTables].filter(({ change }) => change.breaking).length
  return `${[...lines, showControls(`${lines.length} changes, ${breaking} breaking`)].join('\n')}\n`
}
