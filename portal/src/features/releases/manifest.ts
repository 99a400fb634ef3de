import { isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from 'yaml'

import { intervalDuration } from '../../lib/interval'
import { newDocument, readDocument, writeDocument, writeNode } from '../../lib/yaml'
import { emptyForm, fieldNames, hasCatalog, releaseNameOf, shownInterval, splitFiles, type Field, type ReleaseForm } from './form'

/** A form and its YAML are two views of the same HelmRelease; here one becomes the other. */

const API_VERSION = 'helm.toolkit.fluxcd.io/v2'

export type ManifestProblem = { line: number; message: string }
export type FromManifest =
  | { form: ReleaseForm; namespace: string; ignored: string[]; problems?: undefined }
  | { problems: ManifestProblem[]; form?: undefined }
export type ToManifest = { text: string; problems?: undefined } | { problems: Partial<Record<Field, string>>; text?: undefined }

/** The HelmRelease that a form describes. A field whose YAML cannot be read is told and nothing is lost. */
export function toManifest(form: ReleaseForm, namespace: string): ToManifest {
  const problems: Partial<Record<Field, string>> = {}
  const part = (field: 'values' | 'valuesFrom' | 'labels' | 'advanced'): Node | null => {
    const { document, problems: found } = readDocument(form[field])
    const [first] = found
    if (first) problems[field] = `Line ${first.line}: ${first.message}`
    const list = field === 'valuesFrom'
    const { contents } = document
    if (!first && contents !== null && !(list ? isSeq(contents) : isMap(contents))) {
      problems[field] = list ? 'This is no list.' : 'This is no mapping of keys to values.'
    }
    return contents
  }
  const [values, valuesFrom, labels, advanced] = [part('values'), part('valuesFrom'), part('labels'), part('advanced')]
  if (Object.keys(problems).length > 0) return { problems }

  const document = newDocument({
    apiVersion: API_VERSION,
    kind: 'HelmRelease',
    metadata: { name: form.name.trim(), ...(namespace && { namespace }) },
    spec: {
      ...(releaseNameOf(form) && { releaseName: releaseNameOf(form) }),
      interval: intervalDuration(form.interval),
      ...chartOf(form),
      ...(form.targetNamespace.trim() && { targetNamespace: form.targetNamespace.trim() }),
      ...(form.timeout.trim() && { timeout: intervalDuration(form.timeout) }),
      ...(form.suspended && { suspend: true }),
    },
  })
  if (labels) document.setIn(['metadata', 'labels'], labels)
  if (isMap(advanced)) for (const pair of advanced.items) (document.get('spec') as YAMLMap).items.push(pair as Pair)
  if (valuesFrom) document.setIn(['spec', 'valuesFrom'], valuesFrom)
  if (values) document.setIn(['spec', 'values'], values)
  return { text: writeDocument(document) }
}

function chartOf(form: ReleaseForm): Record<string, unknown> {
  const source = {
    kind: form.sourceKind,
    name: form.sourceName,
    ...(form.sourceNamespace && { namespace: form.sourceNamespace }),
  }
  if (!hasCatalog(form.sourceKind)) return { chartRef: source }
  const files = splitFiles(form.valuesFiles)
  return {
    chart: {
      spec: {
        chart: form.chart,
        version: form.version.trim() || '*',
        sourceRef: source,
        ...(form.chartInterval.trim() && { interval: intervalDuration(form.chartInterval) }),
        reconcileStrategy: form.reconcileStrategy,
        ...(files.length > 0 && { valuesFiles: files }),
      },
    },
  }
}

/** What the cluster writes itself; a form need not carry it. */
const SERVERS_OWN = new Set([
  'status',
  'metadata.uid',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.managedFields',
  'metadata.finalizers',
  'metadata.selfLink',
])

/** Reads a HelmRelease into a form: every field has its place, goes to the advanced ones, or is refused by name. */
export function fromManifest(text: string): FromManifest {
  const { document, problems } = readDocument(text)
  if (problems.length > 0) return { problems: problems.map(({ line, message }) => ({ line, message })) }
  const reader = new Reader(text, document)
  const root = reader.map(document.contents, 'the document')
  if (!root) return { problems: reader.problems }
  const form: ReleaseForm = { ...emptyForm, interval: '', chartInterval: '' }
  let namespace = ''
  const { apiVersion, kind, metadata, spec, ...rest } = reader.entries(root, '')
  reader.refuse(rest, '', 'A HelmRelease has no such field.')
  if (reader.text(apiVersion, 'apiVersion') !== API_VERSION) reader.add(apiVersion, `apiVersion must be ${API_VERSION}.`)
  if (reader.text(kind, 'kind') !== 'HelmRelease') reader.add(kind, 'kind must be HelmRelease.')
  const meta = reader.map(metadata?.value, 'metadata', metadata)
  if (meta) namespace = readMetadata(reader, meta, form)
  const body = reader.map(spec?.value, 'spec', spec)
  if (body) readSpec(reader, body, form)
  if (reader.problems.length > 0) return { problems: reader.problems }
  if (form.releaseName === '') {
    const target = form.targetNamespace !== '' && form.targetNamespace !== namespace ? `${form.targetNamespace}-` : ''
    form.releaseName = `${target}${form.name}`
  }
  return { form, namespace, ignored: reader.ignored }
}

function readMetadata(reader: Reader, node: YAMLMap, form: ReleaseForm): string {
  const { name, namespace, labels, ...rest } = reader.entries(node, 'metadata')
  form.name = reader.text(name, 'metadata.name')
  form.labels = reader.yaml(labels, 'metadata.labels', 'map')
  reader.refuse(rest, 'metadata.', 'The form has no place for it; add it with kubectl.')
  return reader.text(namespace, 'metadata.namespace')
}

function readSpec(reader: Reader, node: YAMLMap, form: ReleaseForm) {
  const { releaseName, interval, chart, chartRef, targetNamespace, timeout, suspend, valuesFrom, values, ...rest } =
    reader.entries(node, 'spec')
  form.releaseName = reader.text(releaseName, 'spec.releaseName')
  form.interval = shownInterval(reader.text(interval, 'spec.interval')) || emptyForm.interval
  form.targetNamespace = reader.text(targetNamespace, 'spec.targetNamespace')
  form.timeout = shownInterval(reader.text(timeout, 'spec.timeout'))
  form.suspended = reader.flag(suspend, 'spec.suspend')
  form.valuesFrom = reader.yaml(valuesFrom, 'spec.valuesFrom', 'list')
  form.values = reader.yaml(values, 'spec.values', 'map')
  if (chart && chartRef) reader.add(chartRef, 'A release has chart or chartRef, not both.')
  else if (chartRef) readChartRef(reader, chartRef, form)
  else if (chart) readChart(reader, chart, form)
  else reader.add(undefined, 'spec names no chart: add chart or chartRef.')
  form.advanced = reader.others(node, Object.keys(rest))
}

function readChartRef(reader: Reader, pair: Entry, form: ReleaseForm) {
  const map = reader.map(pair.value, 'spec.chartRef', pair)
  if (map) readSource(reader, map, 'spec.chartRef', form)
}

function readSource(reader: Reader, map: YAMLMap, path: string, form: ReleaseForm) {
  const { kind, name, namespace, ...rest } = reader.entries(map, path)
  form.sourceKind = reader.text(kind, `${path}.kind`)
  form.sourceName = reader.text(name, `${path}.name`)
  form.sourceNamespace = reader.text(namespace, `${path}.namespace`)
  if (form.sourceKind === '') reader.add(undefined, `${path}.kind is missing.`)
  else if (hasCatalog(form.sourceKind) === (path === 'spec.chartRef')) {
    reader.add(kind, `${path} cannot name a ${form.sourceKind}; use ${path === 'spec.chartRef' ? 'chart' : 'chartRef'} for it.`)
  }
  delete rest.apiVersion
  reader.refuse(rest, `${path}.`, 'There is no such field.')
}

function readChart(reader: Reader, pair: Entry, form: ReleaseForm) {
  const outer = reader.map(pair.value, 'spec.chart', pair)
  if (!outer) return
  const { spec, ...others } = reader.entries(outer, 'spec.chart')
  reader.refuse(others, 'spec.chart.', 'The form has no place for it; add it with kubectl.')
  const map = reader.map(spec?.value, 'spec.chart.spec', spec ?? pair)
  if (!map) return
  const { chart, version, sourceRef, interval, reconcileStrategy, valuesFiles, ...rest } = reader.entries(map, 'spec.chart.spec')
  form.chart = reader.text(chart, 'spec.chart.spec.chart')
  const range = reader.text(version, 'spec.chart.spec.version')
  form.version = range === '*' ? '' : range
  form.chartInterval = shownInterval(reader.text(interval, 'spec.chart.spec.interval'))
  form.reconcileStrategy = reader.text(reconcileStrategy, 'spec.chart.spec.reconcileStrategy') || emptyForm.reconcileStrategy
  form.valuesFiles = reader.texts(valuesFiles, 'spec.chart.spec.valuesFiles').join(', ')
  const source = reader.map(sourceRef?.value, 'spec.chart.spec.sourceRef', sourceRef ?? spec)
  if (source) readSource(reader, source, 'spec.chart.spec.sourceRef', form)
  reader.refuse(rest, 'spec.chart.spec.', 'The form has no place for it; add it with kubectl.')
}

type Entry = { key: Node | null; value: Node | null }

/** Reads nodes as what they should be and gathers what is wrong, with its line. */
class Reader {
  readonly problems: ManifestProblem[] = []
  readonly ignored: string[] = []
  private readonly text_: string

  constructor(text: string, document: Document.Parsed) {
    this.text_ = text
    for (const { message, pos } of document.warnings) this.problems.push({ line: this.line(pos[0]), message })
  }

  private line(offset: number): number {
    return this.text_.slice(0, offset).split('\n').length
  }

  add(at: Entry | undefined, message: string) {
    const offset = at?.key?.range?.[0] ?? at?.value?.range?.[0] ?? 0
    this.problems.push({ line: this.line(offset), message })
  }

  map(node: unknown, path: string, at?: Entry): YAMLMap | undefined {
    if (isMap(node)) return node
    this.add(at, node === null || node === undefined ? `${path} is missing.` : `${path} must be a mapping.`)
    return undefined
  }

  entries(map: YAMLMap, path: string): Record<string, Entry> {
    return Object.fromEntries(
      map.items.map(({ key, value }) => {
        const name = isScalar(key) ? String(key.value) : ''
        if (name === '') this.add({ key: key as Node, value: null }, `A key of ${path || 'the document'} is no text.`)
        return [name, { key: key as Node, value: value as Node | null }]
      }),
    )
  }

  /** A scalar as it is written: `1.10` stays `1.10`. */
  text(entry: Entry | undefined, path: string): string {
    const node = entry?.value
    if (!node) return ''
    if (!isScalar(node)) {
      this.add(entry, `${path} must be a text.`)
      return ''
    }
    if (node.value === null) return ''
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  }

  texts(entry: Entry | undefined, path: string): string[] {
    const node = entry?.value
    if (!node) return []
    if (!isSeq(node)) {
      this.add(entry, `${path} must be a list.`)
      return []
    }
    return node.items.map((item) => this.text({ key: entry.key, value: item as Node }, path))
  }

  flag(entry: Entry | undefined, path: string): boolean {
    const node = entry?.value
    if (!node) return false
    if (isScalar(node) && typeof node.value === 'boolean') return node.value
    this.add(entry, `${path} must be true or false.`)
    return false
  }

  /** The text of a part, with its comments. */
  yaml(entry: Entry | undefined, path: string, form: 'map' | 'list'): string {
    const node = entry?.value
    if (!node || (isScalar(node) && node.value === null)) return ''
    if (form === 'map' ? !isMap(node) : !isSeq(node)) {
      this.add(entry, `${path} must be a ${form === 'map' ? 'mapping' : 'list'}.`)
      return ''
    }
    return (node as YAMLMap).items.length === 0 ? '' : writeNode(node)
  }

  /** The text of some entries of a mapping. */
  others(map: YAMLMap, names: string[]): string {
    if (names.length === 0) return ''
    const kept = newDocument({})
    const { contents } = kept
    if (!isMap(contents)) return ''
    contents.items = map.items.filter(({ key }) => isScalar(key) && names.includes(String(key.value))) as typeof contents.items
    return writeDocument(kept)
  }

  refuse(entries: Record<string, Entry>, prefix: string, why: string) {
    for (const [name, entry] of Object.entries(entries)) {
      const path = `${prefix}${name}`
      if (SERVERS_OWN.has(path)) this.ignored.push(path)
      else this.add(entry, `${path}: ${why}`)
    }
  }
}

/** Fields of a release that exists which no change can reach. */
const FIXED: Field[] = ['name', 'releaseName', 'targetNamespace', 'sourceKind', 'chart']

/** What a manifest changes that cannot be changed of a release that exists. */
export function fixedProblems(before: ReleaseForm, after: ReleaseForm): ManifestProblem[] {
  return FIXED.filter((field) => before[field] !== after[field]).map((field) => ({
    line: 1,
    message: `${fieldNames[field]} of a release cannot be changed: it was ${before[field] ? `\`${before[field]}\`` : 'not set'}.`,
  }))
}
