import { isCollection, isMap, isScalar, type Document } from 'yaml'

import { newDocument, readDocument, writeDocument } from './yaml'

export type Path = (string | number)[]

/** The value at a path of a YAML text; nothing where there is none or the text is no YAML. */
export function valueAt(text: string, path: Path): unknown {
  const { document, problems } = readDocument(text)
  if (problems.length > 0) return undefined
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  if (node === null || node === undefined) return undefined
  try {
    return isScalar(node) ? node.value : isCollection(node) ? node.toJS(document) : node
  } catch {
    return undefined
  }
}

/**
 * The text with a value set at a path, its comments kept. `undefined` takes the value away, and the mappings that are
 * empty then. A text that is no YAML stays as it is.
 */
export function withValueAt(text: string, path: Path, value: unknown): string {
  const { document, problems } = readDocument(text)
  if (problems.length > 0) return text
  const contents: unknown = document.contents
  if (contents !== null && !isMap(contents)) return text
  if (value === undefined) remove(document, path)
  else if (contents === null) return (text.trim() === '' ? '' : `${text.trimEnd()}\n`) + writeDocument(newDocument(nested(path, value)))
  else set(document, path, value)
  return isMap(document.contents) && document.contents.items.length === 0 ? '' : writeDocument(document)
}

function nested(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
}

function set(document: Document, path: Path, value: unknown) {
  let length = 1
  while (length < path.length && isCollection(document.getIn(path.slice(0, length), true))) length += 1
  // A parent that is missing, empty or a text becomes a mapping.
  document.setIn(path.slice(0, length), document.createNode(nested(path.slice(length), value)))
}

function remove(document: Document, path: Path) {
  if (!document.hasIn(path)) return
  document.deleteIn(path)
  for (let length = path.length - 1; length > 0; length -= 1) {
    const parent: unknown = document.getIn(path.slice(0, length), true)
    if (!isMap(parent) || parent.items.length > 0) return
    document.deleteIn(path.slice(0, length))
  }
}
