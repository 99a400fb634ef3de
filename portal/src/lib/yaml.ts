import { Document, LineCounter, parseDocument, stringify, type ScalarTag, type Tags } from 'yaml'

/**
 * Reads plain scalars as Helm's YAML library does: `yes`, `on` and `0777` have their YAML 1.1 meaning, but times and
 * numbers to the base of 60 are texts.
 */
const reading = {
  version: '1.1',
  prettyErrors: true,
  customTags: (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === 'string' || ((tag as ScalarTag).format !== 'TIME' && tag.tag !== TIMESTAMP)),
} as const

const TIMESTAMP = 'tag:yaml.org,2002:timestamp'

/** Quotes what any version of YAML would not read as the text that it is. */
const writing = { version: '1.1', compat: 'core', lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false } as const

export type Parsed = { value: unknown; error?: undefined } | { error: string; line: number; value?: undefined }

/** The value of a YAML text (empty: `undefined`), or what is wrong with it and on which line (from 1). */
export function parseYaml(text: string): Parsed {
  const { document, problems } = readDocument(text)
  const [problem] = problems
  if (problem) return { error: problem.message, line: problem.line }
  if (document.contents === null) return { value: undefined }
  try {
    return { value: document.toJS() }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), line: 1 }
  }
}

/** YAML of a value as JSON knows it. */
export function toYaml(value: unknown): string {
  return stringify(value, writing)
}

export type YamlProblem = { message: string; from: number; to: number; line: number }

/** A YAML text with its nodes, comments and places; used where those must be kept. */
export function readDocument(text: string): { document: Document.Parsed; problems: YamlProblem[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { ...reading, lineCounter: lines })
  const problems = document.errors.map(({ message, pos: [from, to] }) => ({
    // The parser appends the place and an excerpt, which the editor shows itself.
    message: (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, ''),
    from,
    to,
    line: lines.linePos(from).line,
  }))
  return { document, problems }
}

/** A new document that is written like `toYaml` writes. */
export function newDocument(value: unknown): Document {
  return new Document(value, writing)
}

/** The text of a document, with its comments. */
export function writeDocument(document: Document): string {
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false })
}

/** The text of a node of a document, with its comments. */
export function writeNode(node: unknown): string {
  const document = new Document(undefined, writing)
  document.contents = node as typeof document.contents
  return writeDocument(document)
}
