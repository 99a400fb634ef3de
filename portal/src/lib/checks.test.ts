import { expect, test } from 'vitest'

import { labelsOf, labelsText, linesOf, nameProblem, urlProblem } from './checks'

test('labels are lines of key=value', () => {
  expect(labelsOf('team=web\n\n app.kubernetes.io/part-of = shop ')).toEqual({
    labels: { team: 'web', 'app.kubernetes.io/part-of': 'shop' },
  })
  expect(labelsOf('team')).toEqual({ problem: 'Line 1: write a label as key=value' })
  expect(labelsOf('a=1\na=2')).toEqual({ problem: 'Line 2: the label a is there twice' })
  expect(labelsText({ b: '2', a: '' })).toBe('a=\nb=2')
})

test('charts are listed by line or comma', () => {
  expect(linesOf('web\n\n api, worker ')).toEqual(['web', 'api', 'worker'])
})

test('names follow the rules of the cluster', () => {
  for (const name of ['a', 'my-charts', 'a.b-c.d1']) expect(nameProblem(name)).toBeUndefined()
  for (const name of ['', 'Charts', '-a', 'a-', 'a..b', 'a_b', 'a'.repeat(254)]) expect(nameProblem(name)).toBeDefined()
})

test('an address fits its type', () => {
  for (const url of ['oci://ghcr.io/my-org/charts', 'oci://localhost:5000', 'oci://[::1]:5000/a/']) {
    expect(urlProblem(url, true)).toBeUndefined()
  }
  expect(urlProblem('https://charts.example.com', false)).toBeUndefined()
  expect(urlProblem('oci://ghcr.io/x', false)).toContain('OCI Repository')
  expect(urlProblem('https://ghcr.io/x', true)).toContain('oci://')
  expect(urlProblem('oci://user:secret@ghcr.io/x', true)).toContain('Credentials')
  expect(urlProblem('oci://user:secret@ghcr.io/x', true)).not.toContain('secret')
  expect(urlProblem('oci://ghcr.io/x:1.0.0', true)).toContain('tag')
  expect(urlProblem('oci://ghcr.io/x@sha256:00', true)).toContain('digest')
  expect(urlProblem('oci://ghcr.io/My-Org', true)).toContain('lower-case')
  expect(urlProblem('oci://', true)).toContain('host')
  expect(urlProblem('charts.example.com', false)).toContain('scheme')
})
