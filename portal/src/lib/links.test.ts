import { expect, it } from 'vitest'

import { linkTarget, safeLink } from './links'

it.each([
  ['https://example.com/a?b#c', 'https://example.com/a?b#c'],
  [' http://example.com ', 'http://example.com/'],
  ['mailto:someone@example.com', 'mailto:someone@example.com'],
])('lets %s through', (url, link) => expect(safeLink(url)).toBe(link))

it.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://example.com/1',
  '//example.com/a',
  '/k8s/helm/release',
  'docs/values.md',
  '',
  undefined,
  7,
])('does not follow %j', (url) => expect(safeLink(url)).toBeUndefined())

it('names where a link leads', () => {
  expect(linkTarget('https://example.com:8443/a')).toBe('example.com:8443')
  expect(linkTarget('mailto:someone@example.com')).toBe('someone@example.com')
})
