import { ProblemError } from '../../../api/problem'
import { lineOf } from '../../../ui/editor/places'
import type { Field, ReleaseForm } from '../form'

export type Mark = { line: number; message: string }
export type FieldErrors = {
  fields: Partial<Record<Field | 'namespace', string>>
  marks: Partial<Record<Field, Mark[]>>
  /** What has no field on the page. */
  others: { field: string; message: string }[]
}

type Step = string | number

/** The request's names of fields as the form's. */
const PLACES: Record<string, Field | 'namespace'> = {
  namespace: 'namespace',
  name: 'name',
  releaseName: 'releaseName',
  interval: 'interval',
  timeout: 'timeout',
  targetNamespace: 'targetNamespace',
  suspended: 'suspended',
  version: 'version',
  values: 'values',
  'chart.sourceKind': 'sourceKind',
  'chart.sourceName': 'sourceName',
  'chart.sourceNamespace': 'sourceNamespace',
  'chart.name': 'chart',
  'chart.version': 'version',
  'chart.interval': 'chartInterval',
  'chart.reconcileStrategy': 'reconcileStrategy',
  'chart.valuesFiles': 'valuesFiles',
}

/** `valuesFrom[1].name` as steps. */
export function stepsOf(field: string): Step[] {
  return [...field.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => (index === undefined ? (name ?? '') : Number(index)))
}

/** The lines `- at '/image/tag': …` in which Helm names what its schema check found. */
export function schemaFindings(message: string): { path: Step[]; message: string }[] {
  return [...message.matchAll(/^- at '([^']*)': (.+)$/gm)].map(([, pointer = '', said = '']) => ({
    path: pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
    message: said,
  }))
}

/** The server's messages at the fields of the form, and at lines where the field is a text of YAML. */
export function fieldErrors(error: unknown, form: ReleaseForm): FieldErrors {
  const found: FieldErrors = { fields: {}, marks: {}, others: [] }
  if (!(error instanceof ProblemError)) return found
  for (const { field, message } of error.problem.errors ?? []) {
    const [first, ...inner] = stepsOf(field)
    const ofText = first === 'valuesFrom' || first === 'labels' || first === 'advanced' ? first : undefined
    const place = PLACES[field] ?? ofText
    if (!place) {
      found.others.push({ field, message })
      continue
    }
    const within = inner.length > 0 && ofText ? `${inner.join('.')}: ` : ''
    const before = found.fields[place]
    found.fields[place] = before ? `${before}\n${within}${message}` : `${within}${message}`
    if (place === 'namespace') continue
    const text = form[place]
    if (typeof text !== 'string') continue
    const marks = place === 'values' ? schemaFindings(message) : within ? [{ path: inner, message }] : []
    for (const mark of marks) (found.marks[place] ??= []).push({ line: lineOf(text, mark.path), message: mark.message })
  }
  return found
}

/** Where in a HelmRelease the request's fields are. */
const IN_MANIFEST: Record<string, Step[]> = {
  namespace: ['metadata', 'namespace'],
  name: ['metadata', 'name'],
  labels: ['metadata', 'labels'],
  suspended: ['spec', 'suspend'],
  version: ['spec', 'chart', 'spec', 'version'],
  'chart.name': ['spec', 'chart', 'spec', 'chart'],
  'chart.version': ['spec', 'chart', 'spec', 'version'],
  'chart.interval': ['spec', 'chart', 'spec', 'interval'],
  'chart.reconcileStrategy': ['spec', 'chart', 'spec', 'reconcileStrategy'],
  'chart.valuesFiles': ['spec', 'chart', 'spec', 'valuesFiles'],
  chart: ['spec', 'chart'],
}

/** The server's messages at the lines of the form's YAML. */
export function manifestErrors(error: unknown, manifest: string, form: ReleaseForm): Mark[] {
  if (!(error instanceof ProblemError)) return []
  return (error.problem.errors ?? []).flatMap(({ field, message }): Mark[] => {
    const steps = stepsOf(field)
    const findings = field === 'values' ? schemaFindings(message) : []
    if (findings.length > 0) {
      return findings.map((one) => ({ line: lineOf(manifest, ['spec', 'values', ...one.path]), message: one.message }))
    }
    return [{ line: lineOf(manifest, pathInManifest(field, steps, form)), message }]
  })
}

function pathInManifest(field: string, steps: Step[], form: ReleaseForm): Step[] {
  const known = IN_MANIFEST[field]
  if (known) return known
  if (steps[0] === 'advanced') return ['spec', ...steps.slice(1)]
  const source = { 'chart.sourceKind': 'kind', 'chart.sourceName': 'name', 'chart.sourceNamespace': 'namespace' }[field]
  if (source) {
    return form.sourceKind === 'HelmRepository'
      ? ['spec', 'chart', 'spec', 'sourceRef', source]
      : ['spec', 'chartRef', source]
  }
  return ['spec', ...steps]
}
