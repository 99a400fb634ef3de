import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

// Each pair is light, dark; every one keeps 4.5:1 on the field's background.
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b5468, #7fd0e4)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'light-dark(#2b6a1f, #a5d98f)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'light-dark(#8a3b00, #f0b273)' },
  { tag: [tags.comment, tags.lineComment], color: 'light-dark(#5c636a, #a3abb3)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.typeName, tags.labelName, tags.meta], color: 'light-dark(#6b2fa0, #cba6f7)' },
  { tag: tags.invalid, color: 'light-dark(#b00020, #ff9a9a)' },
])

const looks = {
  '&': {
    fontSize: 'var(--mantine-font-size-sm)',
    color: 'var(--mantine-color-text)',
    backgroundColor: 'var(--mantine-color-body)',
    border: '1px solid var(--mantine-color-default-border)',
    borderRadius: 'var(--mantine-radius-default)',
    maxWidth: '100%',
  },
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-gutters': {
    color: 'var(--mantine-color-dimmed)',
    backgroundColor: 'transparent',
    borderRight: '1px solid var(--mantine-color-default-border)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'light-dark(#f1f3f5, #ffffff0d)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'light-dark(#cfe6ee, #22505f)',
  },
  '.cm-tooltip': {
    color: 'var(--mantine-color-text)',
    backgroundColor: 'var(--mantine-color-body)',
    border: '1px solid var(--mantine-color-default-border)',
    borderRadius: 'var(--mantine-radius-default)',
    boxShadow: 'var(--mantine-shadow-md)',
    maxWidth: 'min(480px, 90vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mantine-font-family-monospace)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    color: 'var(--mantine-color-white)',
    backgroundColor: 'var(--mantine-primary-color-filled)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-completionDetail': { color: 'var(--mantine-color-dimmed)', fontStyle: 'normal' },
  '.cm-completionInfo': { padding: '8px 10px', fontFamily: 'var(--mantine-font-family)' },
  '.cm-about': { padding: '8px 10px', fontFamily: 'var(--mantine-font-family)', whiteSpace: 'pre-wrap' },
  '.cm-completionInfo .cm-about': { padding: '0' },
  '.cm-about-name': { fontFamily: 'var(--mantine-font-family-monospace)', fontWeight: '600' },
  '.cm-about-facts': { color: 'var(--mantine-color-dimmed)' },
  '.cm-diagnostic': { padding: '6px 10px', whiteSpace: 'pre-wrap', fontFamily: 'var(--mantine-font-family)' },
  '.cm-panels': {
    color: 'var(--mantine-color-text)',
    backgroundColor: 'var(--mantine-color-body)',
    borderColor: 'var(--mantine-color-default-border)',
  },
  '.cm-panels input, .cm-panels button': { fontSize: 'var(--mantine-font-size-sm)' },
  '.cm-textfield': { backgroundColor: 'var(--mantine-color-body)', borderColor: 'var(--mantine-color-default-border)' },
  '.cm-button': {
    color: 'var(--mantine-color-text)',
    backgroundImage: 'none',
    backgroundColor: 'var(--mantine-color-default)',
    borderColor: 'var(--mantine-color-default-border)',
  },
  '.cm-searchMatch': { backgroundColor: 'light-dark(#ffe8a1, #6b5300)' },
  '.cm-searchMatch-selected': { backgroundColor: 'light-dark(#ffc94d, #997700)' },
}

/** How the editor looks: Mantine's colours, light or dark. */
export function look(dark: boolean): Extension {
  return [EditorView.theme(looks, { dark }), syntaxHighlighting(colours)]
}

/** How high the editor is; between the two it grows with its text. */
export function heights(least: number | string | undefined, most: number | string | undefined): Extension {
  const size = (given: number | string) => (typeof given === 'number' ? `${given}px` : given)
  return EditorView.theme({
    '&': { maxHeight: most === undefined ? 'none' : size(most) },
    '.cm-content, .cm-gutter': { minHeight: least === undefined ? 'auto' : size(least) },
  })
}
