import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language'
import { lintGutter, lintKeymap, linter } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, StateEffect, type Extension } from '@codemirror/state'
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { useComputedColorScheme } from '@mantine/core'
import { getNonce } from 'get-nonce'
import { useEffect, useRef } from 'react'

import type { CodeEditorProps } from '../CodeEditor'
import { completions, diagnostics, hover, type Known } from './assist'
import { isSchema } from './schema'
import { heights, look } from './theme'

type Props = CodeEditorProps & { labelId: string; describedBy?: string }

/** Says that what the checks know has changed, so that they run again. */
const refresh = StateEffect.define<null>()

/** CodeMirror in a field; loaded when it is first shown. */
export default function Editor(props: Props) {
  const { value, readOnly = false, language, schema, marks, error, labelId, describedBy, minHeight, maxHeight } = props
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const parts = useRef({ changing: new Compartment(), field: new Compartment() })
  const dark = useComputedColorScheme('light') === 'dark'

  const onChange = useRef(props.onChange)
  const known = useRef<Known>({ language, marks: [] })
  useEffect(() => {
    onChange.current = props.onChange
    known.current = { language, schema: isSchema(schema) ? schema : undefined, marks: marks ?? [] }
    view.current?.dispatch({ effects: refresh.of(null) })
  }, [props.onChange, language, schema, marks])

  const changing: Extension = [look(dark), heights(minHeight, maxHeight), EditorState.readOnly.of(readOnly)]
  const field = EditorView.contentAttributes.of({
    'aria-labelledby': labelId,
    ...(describedBy ? { 'aria-describedby': describedBy } : {}),
    ...(error ? { 'aria-invalid': 'true' } : {}),
    ...(readOnly ? { 'aria-readonly': 'true' } : {}),
    tabindex: '0',
  })

  // The editor is made once; what changes later is dispatched below.
  const initial = useRef({ value, changing, field, readOnly, language })
  useEffect(() => {
    if (!host.current) return
    const first = initial.current
    const { changing: look, field: attributes } = parts.current
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first.value,
        extensions: [
          EditorView.cspNonce.of(getNonce() ?? ''),
          look.of(first.changing),
          attributes.of(first.field),
          first.readOnly ? reading : writing,
          first.language === 'yaml' ? yaml() : first.language === 'json' ? json() : [],
          autocompletion({ override: [completions(() => known.current)], icons: false }),
          hover(() => known.current),
          first.language === 'text' && first.readOnly ? [] : checks(() => known.current),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onChange.current?.(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    return () => {
      editor.destroy()
      view.current = undefined
    }
  }, [])

  useEffect(() => {
    const editor = view.current
    if (!editor || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])

  useEffect(() => {
    view.current?.dispatch({
      effects: [parts.current.changing.reconfigure(changing), parts.current.field.reconfigure(field)],
    })
    // The two are made from these.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [dark, minHeight, maxHeight, readOnly, labelId, describedBy, error])

  return <div ref={host} />
}

/**
 * Typing over a selection. Left to itself the browser would carry the looks of what it replaces over as style attributes,
 * which the Content-Security-Policy forbids.
 */
const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType, isComposing } = event
    const { main, ranges } = view.state.selection
    if (inputType !== 'insertText' || data === null || isComposing || view.composing || main.empty || ranges.length > 1) return false
    if (view.state.readOnly) return false
    event.preventDefault()
    const typed = () => view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
    const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, main.from, main.to, data, typed))
    if (!taken) view.dispatch(typed())
    return true
  },
})

function checks(known: () => Known): Extension {
  return [
    lintGutter(),
    linter(diagnostics(known), {
      delay: 400,
      needsRefresh: (update) => update.transactions.some(({ effects }) => effects.some((effect) => effect.is(refresh))),
    }),
  ]
}

const reading: Extension = [
  lineNumbers(),
  foldGutter({ markerDOM }),
  highlightSpecialChars(),
  drawSelection(),
  search({ top: true }),
  keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]),
]

const writing: Extension = [
  typingOver,
  lineNumbers(),
  foldGutter({ markerDOM }),
  highlightSpecialChars(),
  history(),
  drawSelection(),
  indentOnInput(),
  indentUnit.of('  '),
  EditorState.tabSize.of(2),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  search({ top: true }),
  EditorView.lineWrapping,
  keymap.of([
    ...closeBracketsKeymap,
    ...completionKeymap,
    ...searchKeymap,
    ...lintKeymap,
    ...foldKeymap,
    ...historyKeymap,
    ...defaultKeymap,
    indentWithTab,
  ]),
]

function markerDOM(open: boolean): HTMLElement {
  const marker = document.createElement('span')
  marker.textContent = open ? '⌄' : '›'
  marker.title = open ? 'Fold' : 'Unfold'
  marker.setAttribute('aria-hidden', 'true')
  return marker
}
