import { expect, test } from 'vitest'

import { intervalDuration, intervalProblem, intervalSeconds, intervalText, stepInterval } from './interval'

test('minutes and seconds, and durations, are intervals', () => {
  expect(['05:00', '5:0', '00:01', '59:59', '1h', '5m0s', '1h30m', '90s'].map(intervalProblem)).toEqual(
    Array(8).fill(undefined),
  )
})

test('what is no interval is told with what would be right', () => {
  expect(intervalProblem('')).toContain('needed')
  expect(intervalProblem('00:00')).toContain('at least')
  for (const text of ['60:00', '05:60', '5', 'five', '5 m', '1:2:3', '-1:00']) {
    expect(intervalProblem(text)).toContain('MM:SS')
  }
})

test('an interval and its seconds', () => {
  expect(intervalSeconds('05:30')).toBe(330)
  expect(intervalSeconds('1h1m1s')).toBe(3661)
  expect(intervalText(330)).toBe('05:30')
  expect(intervalText(5400)).toBe('1h30m0s')
})

test('an interval is stored as a duration', () => {
  expect(intervalDuration('05:00')).toBe('5m0s')
  expect(intervalDuration('1h')).toBe('1h')
  expect(intervalDuration('99:99')).toBe('99:99')
})

test('steps stay within 00:01 and 59:59, longer ones go on', () => {
  expect(stepInterval('05:00', 60)).toBe('06:00')
  expect(stepInterval('00:30', -60)).toBe('00:01')
  expect(stepInterval('59:30', 60)).toBe('59:59')
  expect(stepInterval('1h', 60)).toBe('1h1m0s')
  expect(stepInterval('soon', 60)).toBe('soon')
})
