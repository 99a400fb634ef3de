import { Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'

import { installWays, type Installed } from '../../lib/install'
import { visible } from '../../lib/visible'
import { Problem } from '../../ui/Problem'
import { CopyText } from './CopyText'
import classes from './Install.module.css'
import { chartOciRepository, chartRepository, type ChartDetail, type Origin } from './queries'

/** How this version is installed without the portal. */
export function Install({ origin, detail }: { origin: Origin; detail: ChartDetail }) {
  return origin.chart === undefined ? (
    <OfOciRepository origin={origin} detail={detail} />
  ) : (
    <OfRepository origin={origin} detail={detail} />
  )
}

function OfRepository({ origin, detail }: { origin: Origin; detail: ChartDetail }) {
  const repository = useQuery(chartRepository(origin))
  if (repository.error) return <Problem error={repository.error} retry={() => void repository.refetch()} />
  if (repository.isPending) return <Skeleton height={200} />
  return (
    <Ways
      of={{
        repository: { ...repository.data, kind: 'HelmRepository' },
        chart: origin.chart ?? detail.name,
        version: detail.version,
        addresses: detail.addresses,
      }}
    />
  )
}

function OfOciRepository({ origin, detail }: { origin: Origin; detail: ChartDetail }) {
  const repository = useQuery(chartOciRepository(origin))
  if (repository.error) return <Problem error={repository.error} retry={() => void repository.refetch()} />
  if (repository.isPending) return <Skeleton height={200} />
  return (
    <Ways
      of={{
        repository: { ...repository.data, kind: 'OCIRepository' },
        chart: detail.name,
        version: detail.version,
        addresses: detail.addresses,
      }}
    />
  )
}

function Ways({ of }: { of: Installed }) {
  return (
    <Stack>
      {installWays(of).map(({ title, text, language }) => (
        <Stack key={title} gap={4}>
          <Group justify="space-between">
            <Title order={2} size="h5">
              {title}
            </Title>
            <CopyText text={text} what={language === 'yaml' ? 'the manifest' : 'the command'} />
          </Group>
          {language === 'yaml' && (
            <Text size="sm" c="dimmed">
              Save it as release.yaml, then: kubectl apply -f release.yaml
            </Text>
          )}
          <pre className={classes.text} tabIndex={0} aria-label={title} role="group">
            {visible(text)}
          </pre>
        </Stack>
      ))}
    </Stack>
  )
}
