import { Text } from '@mantine/core'

import { visible } from '../../lib/visible'
import { PlainTable } from '../../ui/PlainTable'
import { Nothing } from './Nothing'
import { OutsideLink } from './OutsideLink'
import type { ChartDetail } from './queries'

/** The charts that a chart brings along, and what switches each on. */
export function Dependencies({ dependencies }: { dependencies: ChartDetail['dependencies'] }) {
  if (dependencies.length === 0) return <Nothing>This chart needs no other chart.</Nothing>
  return (
    <PlainTable
      label="Dependencies"
      minWidth={640}
      rows={dependencies}
      rowKey={(_, place) => place}
      columns={[
        {
          title: 'Name',
          render: ({ name, alias }) => (
            <>
              {visible(name)}
              {alias && (
                <Text size="xs" c="dimmed">
                  as {visible(alias)}
                </Text>
              )}
            </>
          ),
        },
        { title: 'Version', render: ({ version }) => (version ? visible(version) : 'any') },
        { title: 'In the archive', render: ({ bundled }) => (bundled ? visible(bundled) : 'missing') },
        { title: 'Switched on by', render: ({ condition }) => (condition ? <code>{visible(condition)}</code> : 'always on') },
        { title: 'Repository', render: ({ repository }) => (repository ? <OutsideLink url={repository} /> : 'in the chart itself') },
      ]}
    />
  )
}
