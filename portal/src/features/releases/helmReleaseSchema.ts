import { queryOptions } from '@tanstack/react-query'

type Schema = Record<string, unknown>

/** The schema of a HelmRelease, as its CRD has it; loaded with the first editor that wants it. */
export const helmReleaseSchema = queryOptions({
  queryKey: ['helm-release-schema'],
  staleTime: Infinity,
  queryFn: async (): Promise<Schema> => {
    const [{ default: text }, { parseYaml }] = await Promise.all([
      import('../../../../deploy/crds/helmreleases.helm.toolkit.fluxcd.io.yaml?raw'),
      import('../../lib/yaml'),
    ])
    const crd = parseYaml(text).value as {
      spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] }
    }
    const version = crd.spec.versions.find(({ name }) => name === 'v2')
    return version?.schema.openAPIV3Schema ?? {}
  },
})

/** Fields that the form has a place for. */
const OWN = ['chart', 'chartRef', 'interval', 'releaseName', 'targetNamespace', 'suspend', 'timeout', 'values', 'valuesFrom']

type Properties = { properties?: Record<string, Schema> }

/** The schema of a field of the specification. */
export function fieldSchema(schema: Schema | undefined, field: string): Schema | undefined {
  const spec = (schema as Properties | undefined)?.properties?.spec as Properties | undefined
  return spec?.properties?.[field]
}

/** The schema of what the form has no place for. */
export function advancedSchema(schema: Schema | undefined): Schema | undefined {
  const spec = (schema as Properties | undefined)?.properties?.spec as Properties | undefined
  if (!spec?.properties) return undefined
  const rest = Object.entries(spec.properties).filter(([name]) => !OWN.includes(name))
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(rest) }
}
