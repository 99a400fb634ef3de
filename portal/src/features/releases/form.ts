import type { Schemas } from '../../api/client'
import { intervalDuration, intervalSeconds } from '../../lib/interval'
import { minutesAndSeconds } from '../../lib/time'
import { parseYaml, toYaml } from '../../lib/yaml'

/** A release as the form holds it: what stands in its fields, texts of YAML included. */
export type ReleaseForm = {
  name: string
  /** Follows the name until it is touched. */
  releaseName: string
  interval: string
  sourceKind: string
  sourceName: string
  /** Empty: the namespace of the release. */
  sourceNamespace: string
  reconcileStrategy: string
  chart: string
  version: string
  chartInterval: string
  /** Separated by commas. */
  valuesFiles: string
  values: string
  valuesFrom: string
  labels: string
  targetNamespace: string
  timeout: string
  suspended: boolean
  /** All other fields of the specification. */
  advanced: string
}

export type Field = keyof ReleaseForm

export const emptyForm: ReleaseForm = {
  name: '',
  releaseName: '',
  interval: '05:00',
  sourceKind: 'HelmRepository',
  sourceName: '',
  sourceNamespace: '',
  reconcileStrategy: 'ChartVersion',
  chart: '',
  version: '',
  chartInterval: '05:00',
  valuesFiles: '',
  values: '',
  valuesFrom: '',
  labels: '',
  targetNamespace: '',
  timeout: '',
  suspended: false,
  advanced: '',
}

/** Sources that have many charts; any other is one chart by itself. */
export function hasCatalog(sourceKind: string): boolean {
  return sourceKind === 'HelmRepository' || sourceKind === 'GitRepository' || sourceKind === 'Bucket'
}

/** An interval as it is stored, as the form shows it: `05:00` for `5m0s`. */
export function shownInterval(stored: string | null | undefined): string {
  if (!stored) return ''
  const seconds = intervalSeconds(stored)
  return seconds !== undefined && Number.isInteger(seconds) ? minutesAndSeconds(seconds, stored) : stored
}

function yamlOf(value: unknown): string {
  const empty = value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
  return empty ? '' : toYaml(value)
}

/** What the form shows of a release that exists. */
export function formOf(release: Schemas['ReleasePage']): ReleaseForm {
  const { chart, namespace, targetNamespace } = release
  return {
    name: release.name,
    releaseName: release.releaseName,
    interval: shownInterval(release.interval),
    sourceKind: chart.sourceKind,
    sourceName: chart.sourceName,
    sourceNamespace: chart.sourceNamespace === namespace ? '' : chart.sourceNamespace,
    reconcileStrategy: chart.reconcileStrategy ?? 'ChartVersion',
    chart: chart.name ?? '',
    version: chart.version === '*' ? '' : (chart.version ?? ''),
    chartInterval: shownInterval(chart.interval),
    valuesFiles: (chart.valuesFiles ?? []).join(', '),
    values: release.valuesYaml,
    valuesFrom: yamlOf(release.valuesFrom),
    labels: yamlOf(release.labels),
    targetNamespace: targetNamespace === namespace ? '' : targetNamespace,
    timeout: shownInterval(release.timeout),
    suspended: release.suspended,
    advanced: yamlOf(release.advanced),
  }
}

function chartInput(form: ReleaseForm): Schemas['ChartInput'] {
  const source = {
    sourceKind: form.sourceKind,
    sourceName: form.sourceName,
    sourceNamespace: form.sourceNamespace || undefined,
  }
  if (!hasCatalog(form.sourceKind)) return source
  return {
    ...source,
    name: form.chart,
    version: form.version.trim() || undefined,
    interval: form.chartInterval.trim() || undefined,
    reconcileStrategy: form.reconcileStrategy,
    valuesFiles: splitFiles(form.valuesFiles),
  }
}

export function splitFiles(text: string): string[] {
  return text.split(',').map((file) => file.trim()).filter(Boolean)
}

/** Helm's name of the release: the name, until another was typed. */
export function releaseNameOf(form: ReleaseForm): string {
  return form.releaseName.trim() || form.name.trim()
}

/** The server takes YAML texts as they were typed, which its types do not tell. */
function text(yaml: string): Record<string, unknown> {
  return yaml as unknown as Record<string, unknown>
}

/** The request that adds the release, or renders it before. */
export function toRequest(form: ReleaseForm): Schemas['ReleaseRequest'] {
  return {
    name: form.name.trim(),
    releaseName: releaseNameOf(form) || undefined,
    interval: form.interval,
    chart: chartInput(form),
    values: text(form.values),
    valuesFrom: text(form.valuesFrom),
    labels: text(form.labels),
    targetNamespace: form.targetNamespace.trim() || undefined,
    timeout: form.timeout.trim() || undefined,
    suspended: form.suspended,
    advanced: text(form.advanced),
  }
}

const CHART_FIELDS: Field[] = [
  'sourceKind',
  'sourceName',
  'sourceNamespace',
  'reconcileStrategy',
  'chart',
  'version',
  'chartInterval',
  'valuesFiles',
]

/** The request that changes a release from what it was: only what differs, so that the rest stays as it is stored. */
export function toUpdate(before: ReleaseForm, form: ReleaseForm, resourceVersion?: string): Schemas['ReleaseUpdate'] {
  const changed = new Set(differences(before, form))
  const chart = CHART_FIELDS.filter((field) => changed.has(field))
  const onlyVersion = chart.length === 1 && chart[0] === 'version' && hasCatalog(form.sourceKind)
  return {
    resourceVersion,
    interval: changed.has('interval') ? form.interval : undefined,
    timeout: changed.has('timeout') ? form.timeout.trim() : undefined,
    // The version alone leaves the rest of the chart's origin untouched.
    version: onlyVersion ? form.version.trim() || '*' : undefined,
    chart: chart.length > 0 && !onlyVersion ? chartInput(form) : undefined,
    values: changed.has('values') ? text(form.values) : undefined,
    valuesFrom: changed.has('valuesFrom') ? text(form.valuesFrom) : undefined,
    labels: changed.has('labels') ? text(form.labels) : undefined,
    suspended: changed.has('suspended') ? form.suspended : undefined,
    advanced: changed.has('advanced') ? text(form.advanced) : undefined,
  }
}

const INTERVALS: Field[] = ['interval', 'chartInterval', 'timeout']
const YAML_FIELDS: Field[] = ['values', 'valuesFrom', 'labels', 'advanced']

function equal(field: Field, before: ReleaseForm, after: ReleaseForm): boolean {
  const [a, b] = [before[field], after[field]]
  if (a === b) return true
  if (typeof a !== 'string' || typeof b !== 'string') return false
  if (INTERVALS.includes(field)) return intervalDuration(a) === intervalDuration(b)
  if (!YAML_FIELDS.includes(field)) return a.trim() === b.trim()
  const [left, right] = [parseYaml(a), parseYaml(b)]
  if (left.error !== undefined || right.error !== undefined) return false
  return canonical(left.value) === canonical(right.value)
}

/** JSON with its keys in order; nothing at all for what is empty. */
function canonical(value: unknown): string {
  const sorted = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(sorted)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]))
  }
  const text = JSON.stringify(sorted(value ?? {}))
  return text === '[]' ? '{}' : text
}

/** The fields that mean something else than before. */
export function differences(before: ReleaseForm, after: ReleaseForm): Field[] {
  return (Object.keys(emptyForm) as Field[]).filter((field) => !equal(field, before, after))
}

/**
 * Somebody else changed the release while a form was filled in: takes over what they changed. What both changed stays
 * as it was typed, and is told.
 */
export function mergeForms(before: ReleaseForm, mine: ReleaseForm, theirs: ReleaseForm): { form: ReleaseForm; theirs: Field[]; both: Field[] } {
  const changedByThem = differences(before, theirs)
  const changedByMe = new Set(differences(before, mine))
  const form = { ...mine }
  for (const field of changedByThem) {
    if (!changedByMe.has(field)) Object.assign(form, { [field]: theirs[field] })
  }
  const both = changedByThem.filter((field) => changedByMe.has(field) && !equal(field, mine, theirs))
  return { form, theirs: changedByThem.filter((field) => !changedByMe.has(field)), both }
}

/** What the fields are called on the page. */
export const fieldNames: Record<Field, string> = {
  name: 'Name',
  releaseName: 'Release Name',
  interval: 'Interval',
  sourceKind: 'Source Type',
  sourceName: 'Source Name',
  sourceNamespace: 'Source namespace',
  reconcileStrategy: 'Reconcile Strategy',
  chart: 'Chart Name',
  version: 'Chart Version',
  chartInterval: 'Chart Interval',
  valuesFiles: 'Values files',
  values: 'Values',
  valuesFrom: 'ValuesFrom',
  labels: 'Labels',
  targetNamespace: 'Target namespace',
  timeout: 'Timeout',
  suspended: 'Suspended',
  advanced: 'Advanced',
}
