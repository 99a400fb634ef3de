import type { Schemas } from '../../api/client'
import { toYaml } from '../../lib/yaml'

export type OriginRow = { path: string; text: string; layer: number }

/** One row for each value in force, in the order of the values. */
export function rowsOf({ computed, origins }: Pick<Schemas['ValuesInForce'], 'computed' | 'origins'>): OriginRow[] {
  const rows: OriginRow[] = []
  const visit = (value: unknown, path: string[]) => {
    const dotted = path.join('.')
    if (isMap(value) && Object.keys(value).length > 0 && !(path.length > 0 && Object.hasOwn(origins, dotted))) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key])
      return
    }
    const layer = origins[dotted]
    if (layer !== undefined) rows.push({ path: dotted, text: toYaml(value).trimEnd(), layer })
  }
  visit(computed, [])
  return rows
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
