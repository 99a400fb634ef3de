import { ActionIcon, Code, CopyButton, Group, Stack, Text } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'

import type { Workload } from './queries'
import { ReleaseLink } from '../../ui/ReleaseLink'

/** The release that made a workload. */
export function ReleaseOf({ workload: { release, helmRelease } }: { workload: Workload }) {
  if (!release) return <>{helmRelease ?? '–'}</>
  const { namespace, name } = release
  return <ReleaseLink namespace={namespace} name={name} />
}

/** Images, each to be copied. */
export function Images({ images }: { images: string[] }) {
  if (images.length === 0) return <>–</>
  return (
    <Stack gap={2}>
      {images.map((image, place) => (
        <Group key={`${place}-${image}`} gap={4} wrap="nowrap">
          <Code style={{ overflowWrap: 'anywhere' }}>{image}</Code>
          <CopyButton value={image}>
            {({ copied, copy }) => (
              <ActionIcon variant="subtle" color="gray" size="sm" aria-label={copied ? 'Copied' : `Copy ${image}`} onClick={copy}>
                {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
              </ActionIcon>
            )}
          </CopyButton>
        </Group>
      ))}
    </Stack>
  )
}

/** Ready replicas of those wanted. */
export function Running({ workload: { ready, replicas } }: { workload: Workload }) {
  return (
    <Text size="sm" span c={ready < replicas ? 'var(--mantine-color-error)' : undefined} fw={ready < replicas ? 600 : undefined}>
      {ready} / {replicas}
    </Text>
  )
}
