import { expect, it } from 'vitest'

import { excerptOf } from './excerpt'

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
