import { describe, expect, it } from 'vitest'

import { parseUnified } from './diff'

describe('parseUnified', () => {
  it('numbers the lines of both sides', () => {
    const lines = parseUnified('--- a\n+++ b\n@@ -3,3 +3,4 @@\n same\n-old\n+new\n+more\n last\n')
    expect(lines).toEqual([
      { kind: 'gap', text: 'Line 3' },
      { kind: 'same', text: 'same', old: 3, new: 3 },
      { kind: 'removed', text: 'old', old: 4 },
      { kind: 'added', text: 'new', new: 4 },
      { kind: 'added', text: 'more', new: 5 },
      { kind: 'same', text: 'last', old: 5, new: 6 },
    ])
  })

  it('takes content that looks like a header or a hunk for content', () => {
    const lines = parseUnified('--- a\n+++ b\n@@ -1,2 +1,2 @@\n--- x\n-@@ -9 +9 @@\n+++ y\n+@@ -8 +8 @@\n')
    expect(lines.slice(1)).toEqual([
      { kind: 'removed', text: '-- x', old: 1 },
      { kind: 'removed', text: '@@ -9 +9 @@', old: 2 },
      { kind: 'added', text: '++ y', new: 1 },
      { kind: 'added', text: '@@ -8 +8 @@', new: 2 },
    ])
  })

  it('says where both sides differ in place', () => {
    const lines = parseUnified('@@ -10 +12 @@ spec:\n-a\n\\ No newline at end of file\n+b\n')
    expect(lines[0]).toEqual({ kind: 'gap', text: 'Line 12, before 10: spec:' })
    expect(lines[2]).toEqual({ kind: 'remark', text: 'No newline at end of file' })
  })

  it('gives nothing for nothing', () => expect(parseUnified('')).toEqual([]))
})
