import { expect, it } from 'vitest'

import { excerptOf, splitExcerpt } from './excerpt'

it('tells places, code and marks apart', () => {
  const text = [
    'at web/templates/_helpers.tpl:3:14',
    '  |   app: {{ required "name" .Values.name }}',
    '  |           ^^^^^^^^',
    'called from web/templates/deployment.yaml:9:6',
    '  | {{ include "labels" . }}',
    '  |    ^^^^^^^',
  ].join('\n')
  expect(excerptOf(text).map(({ kind, text: of }) => `${kind} ${of}`)).toEqual([
    'place At web/templates/_helpers.tpl, line 3, column 14',
    'code   app: {{ required "name" .Values.name }}',
    'mark           ^^^^^^^^',
    'place Called from web/templates/deployment.yaml, line 9, column 6',
    'code {{ include "labels" . }}',
    'mark    ^^^^^^^',
  ])
})

it('is found at the end of a message', () => {
  const message = 'Helm install failed\n  nil pointer'
  const excerpt = 'at c/t.yaml:2:13\n  | b: {{ .Values.x.y }}\n  |       ^^^\nmissing: .Values.x has no value; set `x.y` in the values'
  const split = splitExcerpt(`${message}\n${excerpt}\n`)
  expect(split.message).toBe(message)
  expect(split.excerpt.map(({ kind }) => kind)).toEqual(['place', 'code', 'mark', 'missing'])
  expect(split.excerpt.at(-1)?.text).toBe('.Values.x has no value; set `x.y` in the values')
  expect(splitExcerpt('at once\nnothing').excerpt).toEqual([])
})
