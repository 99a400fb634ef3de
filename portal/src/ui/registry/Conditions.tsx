import { Group, Text } from '@mantine/core'

import type { Schemas } from '../../api/client'
import { Ago } from '../Ago'
import classes from './Conditions.module.css'

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
    <ul className={classes.list}>
      {conditions.map(({ type, status, reason, message, lastTransitionTime }) => (
        <li key={type} className={classes.row}>
          <Group gap="xs" justify="space-between">
            <Text size="sm">
              <b>{type}</b> is <b>{status}</b>
              <Text span size="sm" c="dimmed">
                {' '}
                · {reason}
              </Text>
            </Text>
            <Text size="xs" c="dimmed" component="div">
              <Ago time={lastTransitionTime} />
            </Text>
          </Group>
          {message && (
            <Text size="sm" className={classes.message}>
              {message}
            </Text>
          )}
        </li>
      ))}
    </ul>
  )
}
