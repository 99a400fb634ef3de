import { Skeleton, Stack } from '@mantine/core'

/** A page whose code is on its way. */
export function PagePending() {
  return (
    <Stack aria-hidden>
      <Skeleton height={16} width={180} />
      <Skeleton height={32} width={260} />
      <Skeleton height={280} />
    </Stack>
  )
}
