import { Table, Text } from '@mantine/core'

import { visible } from '../../lib/visible'
import { Nothing } from './Nothing'
import { OutsideLink } from './OutsideLink'
import type { ChartDetail } from './queries'

/** The charts that a chart brings along, and what switches each on. */
export function Dependencies({ dependencies }: { dependencies: ChartDetail['dependencies'] }) {
  if (dependencies.length === 0) return <Nothing>This chart needs no other chart.</Nothing>
  return (
    <Table.ScrollContainer type="native" minWidth={640} tabIndex={0} role="group" aria-label="Dependencies">
      <Table aria-label="Dependencies" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Version</Table.Th>
            <Table.Th>In the archive</Table.Th>
            <Table.Th>Switched on by</Table.Th>
            <Table.Th>Repository</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {dependencies.map((one, place) => (
            <Table.Tr key={place}>
              <Table.Td>
                {visible(one.name)}
                {one.alias && (
                  <Text size="xs" c="dimmed">
                    as {visible(one.alias)}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{one.version ? visible(one.version) : 'any'}</Table.Td>
              <Table.Td>{one.bundled ? visible(one.bundled) : 'missing'}</Table.Td>
              <Table.Td>{one.condition ? <code>{visible(one.condition)}</code> : 'always on'}</Table.Td>
              <Table.Td>{one.repository ? <OutsideLink url={one.repository} /> : 'in the chart itself'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
