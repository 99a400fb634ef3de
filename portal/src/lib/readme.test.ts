import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import { Fragment, jsx, jsxs } from 'react/jsx-runtime'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'

import { readmeTree } from './readme'

const render = (text: string) => renderToStaticMarkup(toJsxRuntime(readmeTree(text), { Fragment, jsx, jsxs }))

describe('a README', () => {
  it('has its headings below the page, without gaps, each with an anchor', () => {
    expect(render('# Web App\n\n#### Deep\n\n## Next `x`')).toBe(
      '<h2 id="readme-web-app">Web App</h2>\n<h3 id="readme-deep">Deep</h3>\n<h3 id="readme-next-x">Next <code>x</code></h3>',
    )
  })

  it('links to its own headings', () => {
    expect(render('[down](#Web-App)')).toBe('<p><a href="#readme-web-app">down</a></p>')
  })

  it('opens links elsewhere, without telling from where', () => {
    expect(render('[site](https://example.com)')).toBe(
      '<p><a href="https://example.com/" title="https://example.com/" target="_blank" rel="noopener noreferrer">site</a></p>',
    )
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick="alert(1)">b</b>',
    '<iframe src="https://example.com"></iframe>',
    '<svg><script>alert(1)</script></svg>',
    '<style>*{display:none}</style>',
    '<a href="javascript:alert(1)">x</a>',
  ])('drops the HTML of %s', (text) => expect(render(text)).not.toMatch(/<(script|img|iframe|svg|style|b|a)|onerror=|onclick=/))

  it.each([
    '[x](javascript:alert(1))',
    '[x](JAVASCRIPT&colon;alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](//example.com)',
    '[x](docs/a.md)',
    '[x][1]\n\n[1]: javascript:alert(1)',
    '<javascript:alert(1)>',
  ])('has no link for %s', (text) => expect(render(text)).not.toContain('<a '))

  it('names a picture and links to it instead of loading it', () => {
    expect(render('![Build state](https://badges.example.com/a.svg)')).toBe(
      '<p><a href="https://badges.example.com/a.svg" title="https://badges.example.com/a.svg" target="_blank" rel="noopener noreferrer">Build state (picture on badges.example.com)</a></p>',
    )
    expect(render('[![Build](https://a.example/b.svg)](https://ci.example/)')).toContain('><span>Build</span></a>')
    expect(render('![x](data:image/svg+xml,<svg/onload=alert(1)>)')).not.toMatch(/<(img|a|svg)/)
  })

  it('says what is ticked in words', () => {
    expect(render('- [x] one\n- [ ] two')).toContain('aria-label="done">☑</span> one')
  })

  it('lets a wide table be scrolled', () => {
    expect(render('|a|b|\n|-|-|\n|1|2|')).toContain('<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>')
  })
})

it.each([
  ['quotes', '>'.repeat(500)],
  ['lists', `${'- '.repeat(300)}x`],
  ['links', '[a](b)\n\n'.repeat(8_000)],
])('refuses what is nested too deeply or has too many parts: %s', (_, text) =>
  expect(() => readmeTree(text)).toThrow(RangeError),
  // Time is not what is tested; the page reads in a worker that it stops.
  60_000,
)
