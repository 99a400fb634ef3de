import { Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react'

import type { Schemas } from '../api/client'
import { ago, exact } from '../lib/time'
import classes from './EventList.module.css'
import { Problem } from './Problem'

type Event = Schemas['EventView']

/** The events of an object, newest first. */
export function EventList({
  events,
  error,
  retry,
}: {
  events: Event[] | undefined
  error?: unknown
  retry?: () => void
}) {
  if (error) return <Problem error={error} retry={retry} />
  if (!events) {
    return (
      <Stack gap="xs" aria-busy="true" aria-label="Events are loading">
        {[0, 1, 2].map((row) => (
          <Skeleton key={row} height={44} />
        ))}
      </Stack>
    )
  }
  if (events.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No events. The cluster keeps them for a limited time only.
      </Text>
    )
  }
  return (
    <ul className={classes.list}>
      {events.map((event, index) => (
        <Row key={`${event.reason} ${event.lastSeen ?? ''} ${index}`} event={event} />
      ))}
    </ul>
  )
}

function Row({ event }: { event: Event }) {
  const warning = event.type === 'Warning'
  const Icon = warning ? IconAlertTriangle : IconInfoCircle
  const time = event.lastSeen ?? event.firstSeen
  return (
    <li className={classes.row} data-warning={warning || undefined}>
      <Icon size={16} className={classes.icon} aria-label={event.type} role="img" />
      <div className={classes.body}>
        <Group gap="xs" justify="space-between">
          <Text size="sm" fw={600}>
            {event.reason}
            {event.count > 1 && (
              <Text span size="xs" c="dimmed" ml={6}>
                {event.count} times
              </Text>
            )}
          </Text>
          <Text size="xs" c="dimmed">
            <time dateTime={time ?? undefined} title={exact(time)}>
              {ago(time)}
            </time>
          </Text>
        </Group>
        <Text size="sm" className={classes.message}>
          {event.message}
        </Text>
        <Text size="xs" c="dimmed" className={classes.message}>
          {event.kind} {event.name}
          {event.source && ` · reported by ${event.source}`}
        </Text>
      </div>
    </li>
  )
}
