import { isMap, isPair, isScalar, isSeq, type Document } from 'yaml'

import { readDocument } from '../../lib/yaml'
import type { Step } from './yamlPath'

type Found = { path: Step[]; from: number; to: number }

/** The key at an offset, with its path. */
export function keyAt(document: Document.Parsed, offset: number): Found | undefined {
  let node: unknown = document.contents
  const path: Step[] = []
  for (;;) {
    if (isMap(node)) {
      let next: unknown
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? pair.key : undefined
        if (!key?.range) continue
        const [from, to] = key.range
        if (offset >= from && offset <= to) return { path: [...path, String(key.value)], from, to }
        if (holds(pair.value, offset)) {
          path.push(String(key.value))
          next = pair.value
        }
      }
      node = next
    } else if (isSeq(node)) {
      const index = node.items.findIndex((item) => holds(item, offset))
      path.push(index)
      node = node.items[index]
    } else return undefined
  }
}

function holds(node: unknown, offset: number): boolean {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return false
  const [from, , to] = node.range as [number, number, number]
  return offset >= from && offset <= to
}

/** Where the value at a path is written: its key, where it has one; else the nearest that is written. */
export function rangeOf(document: Document.Parsed, path: Step[]): [number, number] {
  let node: unknown = document.contents
  let range: [number, number] = [0, 0]
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair || !isPair(pair)) break
      if (isScalar(pair.key) && pair.key.range) range = [pair.key.range[0], pair.key.range[1]]
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
        range = [node.range[0] as number, node.range[1] as number]
      }
    } else break
  }
  return range
}

/** The line, from 1, on which the value at a path is written, or the nearest that is. */
export function lineOf(text: string, path: Step[]): number {
  const [from] = rangeOf(readDocument(text).document, path)
  return text.slice(0, from).split('\n').length
}
