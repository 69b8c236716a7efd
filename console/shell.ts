import { html } from 'htm/preact'
import type { ComponentType, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Config } from './config.ts'
import { EnvironmentView } from './environment/environment-view.ts'
import { JobsView } from './jobs/jobs-view.ts'
import { Notice, Waiting } from './notice.ts'
import { ReleasesView } from './releases/releases-view.ts'
import { linkTo, usePlace, type ViewProps } from './route.ts'

type View = ComponentType<ViewProps>

/** Editor and plots are the larger half of the code: they come when they are needed. */
function QueryView(props: ViewProps): VNode {
  const [view, setView] = useState<{ readonly View?: View; readonly error?: Error }>({})
  useEffect(() => {
    import('./query/query-view.ts').then(
      (module) => setView({ View: module.QueryView }),
      (error: Error) => setView({ error }),
    )
  }, [])
  if (view.View === undefined) return html`<${Waiting} what="the query editor" error=${view.error} />` as VNode
  return html`<${view.View} ...${props} />` as VNode
}

const VIEWS: readonly { readonly name: string; readonly title: string; readonly View: View }[] = [
  { name: 'releases', title: 'Releases', View: ReleasesView },
  { name: 'query', title: 'Query', View: QueryView },
  { name: 'jobs', title: 'Jobs', View: JobsView },
  { name: 'environment', title: 'Environment', View: EnvironmentView },
]

/** The page around the views. Who may not look at releases begins with the query. */
export function Shell({ config }: { readonly config: Config }): VNode {
  const place = usePlace()
  const first = config.swapSchema === null ? 'query' : 'releases'
  const name = place.view === '' ? first : place.view
  const view = VIEWS.find((candidate) => candidate.name === name)
  const title = view?.title ?? 'Not found'
  useEffect(() => {
    document.title = `${title} · ${config.environment}`
  }, [title, config.environment])
  return html`
    <a class="skip" href="#main" onClick=${skipToMain}>Skip to content</a>
    <header>
      <p class="brand">Almagest <span>${config.environment}</span></p>
      <nav aria-label="Views">
        ${VIEWS.map(
          ({ name: target, title }) =>
            html`<a href=${linkTo(target)} aria-current=${target === name ? 'page' : undefined}>${title}</a>`,
        )}
      </nav>
    </header>
    <main id="main" tabindex="-1">
      <h1>${title}</h1>
      ${
        view === undefined
          ? html`<${Notice} kind="error">There is no view ${JSON.stringify(name)}.<//>`
          : html`<${view.View} config=${config} place=${place} />`
      }
    </main>` as VNode
}

/** The address holds the view: it must not change. */
function skipToMain(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
