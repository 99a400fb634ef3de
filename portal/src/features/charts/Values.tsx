import { SegmentedControl, Stack } from '@mantine/core'
import { useState } from 'react'

import { CodeEditor } from '../../ui/CodeEditor'
import { YamlView } from '../../ui/YamlView'
import { Nothing } from './Nothing'
import type { ChartDetail } from './queries'
import { SchemaTree } from './SchemaTree'
import { Settings } from './Settings'

/** Longest values that are read for their settings; reading longer ones would hold up the page. */
const MAX_READ = 512 * 1024

const views = { settings: 'Settings', file: 'values.yaml', schema: 'Schema', source: 'Schema file' } as const

type View = keyof typeof views

/** The values of a chart, as settings to search or as files, and the schema that checks them. */
export function Values({ chart }: { chart: ChartDetail }) {
  const readable = chart.values.length <= MAX_READ
  const offered = (Object.keys(views) as View[]).filter(
    (one) => (one !== 'settings' || readable) && (chart.schema || (one !== 'schema' && one !== 'source')),
  )
  const [wanted, setView] = useState<View>('settings')
  const view = offered.includes(wanted) ? wanted : offered[0]!
  const file = `${chart.name.split('/').at(-1)}-${chart.version}`
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label="Show values as"
        size="xs"
        style={{ alignSelf: 'flex-start', maxWidth: '100%', overflowX: 'auto' }}
        data={offered.map((value) => ({ value, label: views[value] }))}
        value={view}
        onChange={(next) => setView(next as View)}
      />
      {view === 'settings' && <Settings values={chart.values} schema={chart.schema} />}
      {view === 'file' &&
        (chart.values.trim() === '' ? (
          <Nothing>This chart has no values.</Nothing>
        ) : (
          <YamlView text={chart.values} fileName={`${file}-values.yaml`} />
        ))}
      {view === 'schema' && <SchemaTree schema={chart.schema} />}
      {view === 'source' && (
        <CodeEditor
          label="values.schema.json"
          language="text"
          readOnly
          value={JSON.stringify(chart.schema, null, 2)}
          maxHeight="70vh"
        />
      )}
    </Stack>
  )
}
