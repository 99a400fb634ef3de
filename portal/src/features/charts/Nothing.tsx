import { Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** Says that there is nothing to show, and why. */
export function Nothing({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" py="md">
      {children}
    </Text>
  )
}
