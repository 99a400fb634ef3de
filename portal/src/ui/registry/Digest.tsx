import { Text } from '@mantine/core'

/** A digest, which wraps where there is no room for it. */
export function Digest({ of }: { of: string }) {
  return (
    <Text span size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
      {of}
    </Text>
  )
}
