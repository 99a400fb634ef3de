import { expect, it } from 'vitest'

import { filled, matching, type Entry } from './entries'

const entry = (label: string): Entry => ({ id: label, label, icon: () => null })
const entries = [entry('Add Helm Repository'), entry('Add OCI Repository'), entry('Sign out')]

it('finds actions by the beginnings of their words', () => {
  expect(matching(entries, 'add rep').map(({ label }) => label)).toEqual(['Add Helm Repository', 'Add OCI Repository'])
  expect(matching(entries, 'OCI add').map(({ label }) => label)).toEqual(['Add OCI Repository'])
  expect(matching(entries, 'pository')).toEqual([])
  expect(matching(entries, '  ')).toHaveLength(3)
})

it('leaves out groups without entries', () =>
  expect(filled([{ label: 'Releases', entries: [] }, { label: 'Actions', entries }])).toHaveLength(1))
