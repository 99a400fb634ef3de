import { describe, expect, it } from 'vitest'

import { ago, minutesAndSeconds } from './time'

describe('ago', () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  it.each([
    ['2026-01-01T11:59:57Z', '3 sec. ago'],
    ['2026-01-01T11:57:01Z', '2 min. ago'],
    ['2025-12-30T12:00:00Z', '2 days ago'],
    ['2026-01-01T12:00:20Z', 'in 20 sec.'],
  ])('says %s in words', (time, words) => expect(ago(time, now)).toBe(words))

  it('says nothing of no time', () => expect(ago(undefined, now)).toBe('–'))
})

describe('minutesAndSeconds', () => {
  it('writes what the form shows', () => {
    expect(minutesAndSeconds(300, '5m0s')).toBe('05:00')
    expect(minutesAndSeconds(65, '65s')).toBe('01:05')
  })
  it('keeps what does not fit', () => expect(minutesAndSeconds(7200, '2h')).toBe('2h'))
})
