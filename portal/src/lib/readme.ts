import GithubSlugger from 'github-slugger'
import type { Element, ElementContent, Properties, Root, RootContent, Text } from 'hast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { toHast } from 'mdast-util-to-hast'
import { gfm } from 'micromark-extension-gfm'

import { linkTarget, safeLink } from './links'

/** Names in a README never meet names of the page. */
const PREFIX = 'readme-'

/** Bounds of what is shown with formatting; drawing more would hold up the page. */
const MAX_ELEMENTS = 20_000
const MAX_DEPTH = 100

/**
 * Reads a README of a stranger into a tree that may stand inside a page: no HTML; headings below the page's own,
 * each with an anchor; links only to http, https and mailto; pictures as links, so that nothing is loaded from
 * elsewhere. Throws where the text is nested too deeply.
 *
 * Some texts take minutes to read: run it where it can be stopped.
 */
export function readmeTree(markdown: string): Root {
  const read = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  // HTML is left out: `allowDangerousHtml` is off.
  const tree = toHast(read) as Root
  measure(tree)
  const page: Page = { slugger: new GithubSlugger(), level: 1 }
  tree.children = tree.children.flatMap((node): RootContent[] => (node.type === 'element' ? place(node, page, false) : [node]))
  return tree
}

function measure(tree: Root) {
  let count = 0
  let row: ElementContent[] = tree.children as ElementContent[]
  for (let depth = 0; row.length > 0; depth++) {
    count += row.length
    if (depth > MAX_DEPTH || count > MAX_ELEMENTS) throw new RangeError('the README has too many parts')
    row = row.flatMap((node): ElementContent[] => (node.type === 'element' ? node.children : []))
  }
}

type Page = { slugger: GithubSlugger; level: number }

function place(node: Element, page: Page, inLink: boolean): ElementContent[] {
  if (node.tagName === 'img') return [picture(node, inLink)]
  if (node.tagName === 'input') return [checkbox(node)]
  const target = node.tagName === 'a' ? link(node) : undefined
  node.children = node.children.flatMap((child) =>
    child.type === 'element' ? place(child, page, inLink || target !== undefined) : [child],
  )
  if (node.tagName === 'a') return target ? [{ ...node, properties: { ...node.properties, ...target } }] : node.children
  if (/^h[1-6]$/.test(node.tagName)) heading(node, page)
  if (node.tagName === 'pre') node.properties.tabIndex = 0
  if (node.tagName === 'table') {
    const properties = { className: ['scroll'], tabIndex: 0, role: 'group', ariaLabel: 'Table' }
    return [{ type: 'element', tagName: 'div', properties, children: [node] }]
  }
  return [node]
}

/** A heading is at most one level below the one before, whatever the README says. */
function heading(node: Element, page: Page) {
  page.level = Math.min(6, Number(node.tagName[1]) + 1, page.level + 1)
  node.properties = { ...node.properties, id: PREFIX + page.slugger.slug(textOf(node)) }
  node.tagName = `h${page.level}`
}

function link(node: Element): Properties | undefined {
  const { href } = node.properties
  if (typeof href === 'string' && href.startsWith('#')) {
    return { href: href.startsWith('#user-content-') ? href : `#${PREFIX}${href.slice(1).toLowerCase()}` }
  }
  const target = safeLink(href)
  return target ? { href: target, title: target, target: '_blank', rel: ['noopener', 'noreferrer'] } : undefined
}

function picture(node: Element, inLink: boolean): ElementContent {
  const alt = typeof node.properties.alt === 'string' ? node.properties.alt.trim() : ''
  const target = safeLink(node.properties.src)
  const label = text(alt || 'picture')
  if (inLink || !target) return { type: 'element', tagName: 'span', properties: {}, children: [label] }
  return {
    type: 'element',
    tagName: 'a',
    properties: { href: target, title: target, target: '_blank', rel: ['noopener', 'noreferrer'] },
    children: [label, text(` (picture on ${linkTarget(target)})`)],
  }
}

function checkbox(node: Element): ElementContent {
  const checked = Boolean(node.properties.checked)
  return {
    type: 'element',
    tagName: 'span',
    properties: { role: 'img', ariaLabel: checked ? 'done' : 'to do' },
    children: [text(checked ? '☑' : '☐')],
  }
}

const text = (value: string): Text => ({ type: 'text', value })

function textOf(node: Element): string {
  return node.children
    .map((child) => (child.type === 'text' ? child.value : child.type === 'element' ? textOf(child) : ''))
    .join('')
}
