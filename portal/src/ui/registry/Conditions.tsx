import { Table, Text } from '@mantine/core'

import type { Schemas } from '../../api/client'
import { Ago } from '../Ago'

/** The conditions of an object, as the cluster holds them. */
export function Conditions({ conditions }: { conditions: Schemas['ConditionView'][] }) {
  if (conditions.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        None yet.
      </Text>
    )
  }
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table aria-label="Conditions" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Type</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Reason</Table.Th>
            <Table.Th>Message</Table.Th>
            <Table.Th>Since</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {conditions.map(({ type, status, reason, message, lastTransitionTime }) => (
            <Table.Tr key={type}>
              <Table.Td>{type}</Table.Td>
              <Table.Td>{status}</Table.Td>
              <Table.Td>{reason}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{message}</Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <Ago time={lastTransitionTime} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
