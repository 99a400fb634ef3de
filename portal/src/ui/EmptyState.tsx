import { Group, Stack, Text, ThemeIcon } from '@mantine/core'
import type { ReactNode } from 'react'

type Props = {
  icon: ReactNode
  title: string
  /** What this place is for and what to do next. */
  children?: ReactNode
  action?: ReactNode
}

/** A place where there is nothing yet: why, and what to do next. */
export function EmptyState({ icon, title, children, action }: Props) {
  return (
    <Stack align="center" gap="xs" py={48} px="md">
      <ThemeIcon size={48} radius="xl" variant="default" c="dimmed">
        {icon}
      </ThemeIcon>
      <Text fw={600} ta="center" style={{ overflowWrap: 'anywhere' }}>
        {title}
      </Text>
      {children && (
        <Text size="sm" c="dimmed" ta="center" maw={520} component="div">
          {children}
        </Text>
      )}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  )
}
