import { expect, test } from 'vitest'

import { placed, rebase, valueAt, withValue } from './fields'

test('a value is set by its path, and nothing else changes', () => {
  const form = { url: 'a', credentials: { kind: 'none', username: '' } }
  const next = withValue(form, 'credentials.kind', 'basic')
  expect(valueAt(next, 'credentials.kind')).toBe('basic')
  expect(form.credentials.kind).toBe('none')
  expect(next.url).toBe('a')
  expect(valueAt(next, 'no.such.path')).toBeUndefined()
})

test('what a person changed is put on top of what somebody else saved', () => {
  const base = { url: 'a', interval: '05:00', labels: '' }
  const { form, theirs, both } = rebase(base, { ...base, url: 'mine' }, { ...base, interval: '10:00' })
  expect(form).toEqual({ url: 'mine', interval: '10:00', labels: '' })
  expect(theirs).toEqual(['interval'])
  expect(both).toEqual([])
})

test('a field that both changed keeps the own value and is named', () => {
  const base = { url: 'a' }
  expect(rebase(base, { url: 'mine' }, { url: 'theirs' })).toEqual({ form: { url: 'mine' }, theirs: ['url'], both: ['url'] })
  expect(rebase(base, { url: 'equal' }, { url: 'equal' }).both).toEqual([])
})

test('messages of the server find their field', () => {
  const shown = (path: string) => ['url', 'credentials.kind', 'credentials.username', 'charts', 'reference.tag'].includes(path)
  const found = placed(
    [
      { field: 'credentials', message: 'wrong' },
      { field: 'credentials.username', message: 'a user name is needed' },
      { field: 'charts[3]', message: 'bad' },
      { field: 'ref.tag', message: 'bad' },
      { field: 'accessFrom', message: 'not here' },
    ],
    shown,
  )
  expect(found.fields).toEqual({
    'credentials.kind': 'Wrong',
    'credentials.username': 'A user name is needed',
    charts: 'Bad',
    'reference.tag': 'Bad',
  })
  expect(found.rest).toEqual(['accessFrom: not here'])
})
