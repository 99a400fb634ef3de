import { expect, it } from 'vitest'

import { refusal } from './rights'

const allowed = { helmreleases: ['get', 'list'], helmrepositories: ['create'] }

it('refuses in words what is not allowed', () => {
  expect(refusal(allowed, 'team', 'delete', 'releases')).toBe('You may not delete releases in the namespace team.')
  expect(refusal(allowed, undefined, 'create', 'releases')).toBe(
    'You may not add releases in every namespace. Choose a namespace where you may.',
  )
  expect(refusal(allowed, 'team', 'create', 'secrets')).toBe('You may not add Secrets in the namespace team.')
})

it('says nothing where it is allowed, or not known', () => {
  expect(refusal(allowed, 'team', 'create', 'repositories')).toBeUndefined()
  expect(refusal(undefined, 'team', 'delete', 'releases')).toBeUndefined()
})
