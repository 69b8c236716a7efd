import { html } from 'htm/preact'
import { render } from 'preact'
import { loadConfig } from './config.ts'
import { Notice } from './notice.ts'
import { Shell } from './shell.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('the page has no element #app')
try {
  render(html`<${Shell} config=${await loadConfig()} />`, root)
} catch (error) {
  render(html`<main><${Notice} kind="error">The console cannot start: ${String(error)}<//></main>`, root)
}
