import { expect, it } from 'vitest'

import { ProblemError } from '../../../api/problem'
import { emptyForm } from '../form'
import { fieldErrors, manifestErrors, stepsOf } from './fieldErrors'

const refused = (...errors: { field: string; message: string }[]) =>
  new ProblemError({ type: 'urn:pilothouse:problem:invalid', title: 'The request is not valid', status: 422, detail: '', errors })

const schema = "values don't meet the specifications of the schema(s) in the following chart(s):\nwebapp:\n- at '/image/tag': got number, want string\n"

it('reads the names of fields', () => {
  expect(stepsOf('valuesFrom[1].name')).toEqual(['valuesFrom', 1, 'name'])
  expect(stepsOf('advanced.install.timeout')).toEqual(['advanced', 'install', 'timeout'])
})

it('puts messages at the fields of the form', () => {
  const form = { ...emptyForm, valuesFrom: '- name: a\n- name: b\n', advanced: 'install:\n  timeout: x\n' }
  const error = refused(
    { field: 'chart.version', message: 'no version matches' },
    { field: 'chart.name', message: 'choose a chart' },
    { field: 'valuesFrom[1].name', message: 'there is no Secret' },
    { field: 'advanced.install.timeout', message: 'bad' },
    { field: 'chart', message: 'does not render' },
  )
  expect(fieldErrors(error, form)).toEqual({
    fields: { version: 'no version matches', chart: 'choose a chart', valuesFrom: '1.name: there is no Secret', advanced: 'install.timeout: bad' },
    marks: { valuesFrom: [{ line: 2, message: 'there is no Secret' }], advanced: [{ line: 2, message: 'bad' }] },
    others: [{ field: 'chart', message: 'does not render' }],
  })
})

it('puts what Helm says of values at their lines', () => {
  const form = { ...emptyForm, values: 'a: 1\nimage:\n  tag: 5\n' }
  const error = refused({ field: 'values', message: schema })
  expect(fieldErrors(error, form).marks.values).toEqual([{ line: 3, message: 'got number, want string' }])
  expect(manifestErrors(error, 'spec:\n  values:\n    image:\n      tag: 5\n', form)).toEqual([
    { line: 4, message: 'got number, want string' },
  ])
})

it('puts messages at the lines of the YAML', () => {
  const manifest = 'metadata:\n  name: X\nspec:\n  chart:\n    spec:\n      version: ?\n'
  const error = refused({ field: 'name', message: 'a' }, { field: 'chart.version', message: 'b' })
  expect(manifestErrors(error, manifest, emptyForm)).toEqual([
    { line: 2, message: 'a' },
    { line: 6, message: 'b' },
  ])
})
