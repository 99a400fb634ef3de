import { expect, test } from 'vitest'

import { ProblemError } from './problem'
import { Changed, saveUnlessChanged } from './concurrency'

type Thing = { uid: string; resourceVersion: string; url: string }

const conflict = () =>
  new ProblemError({ type: 'urn:pilothouse:problem:changed', title: 'Changed', status: 409, detail: 'changed' })

/** An object at a version: writes need that version. */
function server(now: Thing) {
  return {
    read: () => Promise.resolve(now),
    write: (version: string) =>
      version === now.resourceVersion ? Promise.resolve({ ...now, resourceVersion: '9' }) : Promise.reject(conflict()),
  }
}

const seen: Thing = { uid: 'a', resourceVersion: '1', url: 'one' }
const equal = (one: Thing, other: Thing) => one.url === other.url

test('a version that only the controller moved is no conflict', async () => {
  const saved = await saveUnlessChanged({ seen, equal, ...server({ ...seen, resourceVersion: '5' }) })
  expect(saved.resourceVersion).toBe('9')
})

test('what somebody else changed is a conflict, with the object as it is now', async () => {
  const now = { ...seen, resourceVersion: '5', url: 'two' }
  await expect(saveUnlessChanged({ seen, equal, ...server(now) })).rejects.toMatchObject({ name: 'Changed', now })
})

test('an object that was made anew is a conflict', async () => {
  const now = { ...seen, uid: 'b', resourceVersion: '5' }
  await expect(saveUnlessChanged({ seen, equal, ...server(now) })).rejects.toBeInstanceOf(Changed)
})

test('other refusals pass', async () => {
  const write = () => Promise.reject(new Error('no'))
  await expect(saveUnlessChanged({ seen, equal, write, read: () => Promise.resolve(seen) })).rejects.toThrow('no')
})
