import { autocompletion, type CompletionSource, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, forceLinting, linter, lintKeymap } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap, lineNumbers, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { ADQL_RESERVED_WORDS } from '../../shared/reserved-words.ts'
import type { Mark } from './check-query.ts'

export interface EditorProps {
  /** At first; what is typed is told by `onChange`. */
  readonly text: string
  /** What is wrong with a text now; asked after each pause in typing, and whenever the props change. */
  readonly check: (text: string) => Mark | undefined
  readonly complete: CompletionSource
  readonly onChange: (text: string) => void
  readonly onRun: () => void
  readonly edit: Edit | undefined
}

/** What somebody else than the typist writes: each object once. */
export interface Edit {
  readonly text: string
  /** In place of the whole text, or of what is selected. */
  readonly where: 'all' | 'cursor'
}

/** Typing is not interrupted by marks that are wrong a moment later. */
const PAUSE_MS = 400

/**
 * The editor for a query. It lies in a shadow root, where its style sheets are objects: a content security policy without
 * inline styles holds.
 */
export function Editor(props: EditorProps): VNode {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | undefined>(undefined)
  const current = useRef(props)
  current.current = props
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
    view.current = new EditorView({
      state: createState(current.current.text, () => current.current),
      root,
      parent: root,
    })
    return () => view.current?.destroy()
  }, [])
  const { check, edit } = props
  // Another check marks the same text anew
  useEffect(() => {
    if (view.current !== undefined) forceLinting(view.current)
  }, [check])
  useEffect(() => {
    const editor = view.current
    if (editor === undefined || edit === undefined) return
    const { text: insert, where } = edit
    const all = { changes: { from: 0, to: editor.state.doc.length, insert } }
    editor.dispatch(where === 'all' ? all : editor.state.replaceSelection(insert))
    editor.focus()
  }, [edit])
  return html`<div class="editor" ref=${host}></div>` as VNode
}

function createState(doc: string, props: () => EditorProps): EditorState {
  const run = () => {
    props().onRun()
    return true
  }
  return EditorState.create({
    doc,
    extensions: [
      lineNumbers(),
      history(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': 'ADQL query' }),
      placeholder('SELECT TOP 10 * FROM …'),
      ADQL,
      syntaxHighlighting(COLOURS),
      autocompletion({ override: [(context) => props().complete(context)], icons: false }),
      linter(({ state }) => diagnose(props().check(state.doc.toString()), state.doc.length), { delay: PAUSE_MS }),
      keymap.of([{ key: 'Mod-Enter', run }, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
      EditorView.domEventHandlers({ beforeinput: replaceSelected }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) props().onChange(state.doc.toString())
      }),
      LOOK,
    ],
  })
}

/** Left to itself, the browser writes the style of what is replaced into the page, which the content security policy reports. */
function replaceSelected(event: InputEvent, view: EditorView): boolean {
  const { state } = view
  if (event.inputType !== 'insertText' || event.data === null || state.selection.main.empty) return false
  event.preventDefault()
  view.dispatch(state.replaceSelection(event.data), { userEvent: 'input.type' })
  return true
}

function diagnose(mark: Mark | undefined, length: number): Diagnostic[] {
  if (mark === undefined) return []
  const { message, suggestions } = mark
  const to = Math.min(mark.to, length)
  // At the end of the text there is nothing to underline but what stands before.
  const from = mark.from >= to ? Math.max(to - 1, 0) : mark.from
  const actions = suggestions.slice(0, 3).map((suggestion) => ({
    name: suggestion,
    apply: (view: EditorView) => view.dispatch({ changes: { from: mark.from, to, insert: suggestion } }),
  }))
  return [{ from, to, severity: 'error', message, actions }]
}

const ADQL = StreamLanguage.define<null>({
  name: 'adql',
  token(stream) {
    if (stream.eatSpace()) return null
    if (stream.match(/^--.*/)) return 'comment'
    if (stream.match(/^'(?:[^']|'')*'?/)) return 'string'
    if (stream.match(/^"(?:[^"]|"")*"?/)) return 'name'
    if (stream.match(/^0x[0-9a-f]+|^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i)) return 'number'
    const word = stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u)
    if (typeof word === 'object' && word !== null) {
      if (ADQL_RESERVED_WORDS.has(word[0].toUpperCase())) return 'keyword'
      return stream.match(/^\s*\(/, false) ? 'function' : 'name'
    }
    stream.next()
    return null
  },
  tokenTable: {
    comment: tags.comment,
    string: tags.string,
    number: tags.number,
    keyword: tags.keyword,
    function: tags.function(tags.name),
    name: tags.name,
  },
  languageData: { commentTokens: { line: '--' } },
})

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--keyword)', fontWeight: '600' },
  { tag: tags.string, color: 'var(--string)' },
  { tag: tags.number, color: 'var(--number)' },
  { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
  { tag: tags.function(tags.name), color: 'var(--function)' },
])

const LOOK = EditorView.theme({
  '&': { fontSize: '15px', color: 'var(--text)', backgroundColor: 'var(--field)', minHeight: '9em', maxHeight: '40vh' },
  '.cm-scroller': { fontFamily: 'var(--mono)', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)', minHeight: '9em' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--quiet)', border: 'none' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-diagnosticAction': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textDecorationSkipInk: 'none',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--selection)',
  },
})
