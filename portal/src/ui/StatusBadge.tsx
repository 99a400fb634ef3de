import { Badge, Group, Text, Tooltip } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconLoader,
  IconPlayerPause,
  IconTrash,
} from '@tabler/icons-react'

type Status = { state: string; reason?: string | null; message?: string | null }

const looks: Record<string, { color: string; icon: typeof IconCircleCheck }> = {
  Ready: { color: 'green.9', icon: IconCircleCheck },
  Failed: { color: 'red.9', icon: IconCircleX },
  Stalled: { color: 'red.9', icon: IconAlertTriangle },
  Progressing: { color: 'blue.9', icon: IconLoader },
  Pending: { color: 'gray.7', icon: IconLoader },
  Suspended: { color: 'gray.7', icon: IconPlayerPause },
  Deleting: { color: 'gray.7', icon: IconTrash },
}

/** A state in one word with its reason; the icon tells it without the colour. */
export function StatusBadge({ status, withReason = false }: { status: Status; withReason?: boolean }) {
  const look = looks[status.state] ?? { color: 'gray.7', icon: IconLoader }
  const Icon = look.icon
  const wrong = status.state === 'Failed' || status.state === 'Stalled'
  return (
    <Group gap="xs" wrap="nowrap">
      <Tooltip label={status.message} disabled={!status.message} multiline maw={480}>
        <Badge color={look.color} variant="filled" leftSection={<Icon size={12} aria-hidden />}>
          {status.state}
        </Badge>
      </Tooltip>
      {withReason && wrong && (
        <Text size="xs" c="dimmed" lineClamp={2}>
          {status.message ?? status.reason}
        </Text>
      )}
    </Group>
  )
}
