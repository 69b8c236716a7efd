import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { DiscoveryClient } from '../../shared/discovery/client.ts'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import type { ViewProps } from '../route.ts'
import { HealthTable } from './health-table.ts'
import { LastSweep } from './last-sweep.ts'

const EVERY_MS = 30_000

/** What is deployed where, whether each part answers, and what the last sweep did. */
export function EnvironmentView({ config }: ViewProps): VNode {
  return html`
    <${HealthTable} config=${config} />
    ${config.collectResults !== null && html`<${LastSweep} url=${config.collectResults} />`}
    ${config.discovery === null ? html`<${Notice} kind="info">This console has no discovery service.<//>` : html`<${Discovered} url=${config.discovery} />`}` as VNode
}

function Discovered({ url }: { readonly url: string }): VNode {
  const client = useMemo(() => new DiscoveryClient({ baseUrl: new URL(url, location.href).href, lifetimeMs: 0 }), [url])
  const document = usePolled(() => client.discovery(), EVERY_MS, [client])
  if (document.value === undefined) return html`<${Waiting} what="what is deployed" error=${document.error} />` as VNode
  const { datasets = {}, services, tap_schemas: schemas = {}, applications = [] } = document.value
  const groups = [
    ['Services of the environment', services?.internal ?? {}],
    ['Pages for people', services?.ui ?? {}],
  ] as const
  return html`
    <section aria-label="Live versions">
      <h2>Live versions</h2>
      <table class="list">
        <thead><tr><th>TAP server</th><th>version</th></tr></thead>
        <tbody>
          ${Object.entries(schemas).map(([name, schema]) => html`<tr><th scope="row">${name}</th><td>${describeSchema(schema)}</td></tr>`)}
        </tbody>
      </table>
    </section>
    <section aria-label="Datasets">
      <h2>Datasets</h2>
      ${Object.entries(datasets).map(
        ([name, dataset]) => html`
          <article class="card">
            <h3>${name}</h3>
            ${dataset.description != null && html`<p>${dataset.description}</p>`}
            ${dataset.docs_url != null && html`<p><a href=${safe(dataset.docs_url)} rel="noopener noreferrer">documentation</a></p>`}
            <ul>
              ${Object.entries(dataset.services ?? {}).map(
                ([service, { url: address }]) =>
                  html`<li>${service}: <a href=${safe(address)} rel="noopener noreferrer">${address}</a></li>`,
              )}
            </ul>
          </article>`,
      )}
    </section>
    ${groups.map(
      ([title, found]) =>
        Object.keys(found).length > 0 &&
        html`
          <section aria-label=${title}>
            <h2>${title}</h2>
            <ul>${Object.entries(found).map(([name, { url: address }]) => html`<li>${name}: <a href=${safe(address)} rel="noopener noreferrer">${address}</a></li>`)}</ul>
          </section>`,
    )}
    ${applications.length > 0 && html`<p class="quiet">Applications: ${applications.join(', ')}</p>`}` as VNode
}

function describeSchema(schema: object): string {
  const version = 'version' in schema ? schema.version : undefined
  return typeof version === 'string' ? version : '–'
}

/** Addresses come from a file: no other scheme than that of the web becomes a link that does something. */
function safe(address: string): string | undefined {
  return /^https?:\/\//i.test(address) ? address : undefined
}
