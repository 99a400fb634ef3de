import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconInfoCircle } from '@tabler/icons-react'

type Props = {
  state: string
  text: string
  /** What to do next, where something is wrong. */
  next?: string
  action?: { label: string; run: () => void; reason?: string }
}

const looks: Record<string, { color: string; icon: typeof IconCircleCheck }> = {
  Ready: { color: 'green', icon: IconCircleCheck },
  Failed: { color: 'red', icon: IconCircleX },
  Stalled: { color: 'red', icon: IconAlertTriangle },
}

/** The state of a thing in one sentence, and the way on. */
export function Told({ state, text, next, action }: Props) {
  const look = looks[state] ?? { color: 'gray', icon: IconInfoCircle }
  const Icon = look.icon
  return (
    <Alert color={look.color} icon={<Icon aria-hidden />} role="status">
      <Group justify="space-between" gap="sm">
        <Stack gap={4} style={{ flex: '1 1 320px', minWidth: 0 }}>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {text}
          </Text>
          {next && <Text size="sm">{next}</Text>}
        </Stack>
        {action && !action.reason && (
          <Button size="xs" variant="default" onClick={action.run}>
            {action.label}
          </Button>
        )}
      </Group>
    </Alert>
  )
}
