import { Alert, Badge, Card, Code, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconFlask } from '@tabler/icons-react'

import type { Schemas } from '../../../api/client'
import { useRights } from '../../../api/rights'
import { visible } from '../../../lib/visible'
import { Ago } from '../../../ui/Ago'
import { GuardedButton } from '../../../ui/Guarded'
import { Problem } from '../../../ui/Problem'
import { testRelease, tests, type ReleaseDetail } from '../queries'

const colours: Record<string, string> = { Succeeded: 'green.9', Failed: 'red.9', Running: 'blue.9' }

/** How often a run of the tests is looked at, where nothing in the stream tells of it. */
const POLL_MS = 2_000

/** Runs the tests of a release; kept by the page, so that a run goes on whatever tab is shown. */
export function useTestRun(release: ReleaseDetail | undefined) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => {
      if (!release) throw new Error('There is no release.')
      return testRelease(release)
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['releases'] }),
  })
}

type Props = { release: ReleaseDetail; run: ReturnType<typeof useTestRun> }

/** The tests of the chart, what came of them, and their logs. */
export function Tests({ release, run }: Props) {
  const { namespace, name, lastOperation: last } = release
  const running = run.isPending || (last?.action === 'test' && last.result === 'running')
  const list = useQuery({ ...tests(namespace, name), refetchInterval: running ? POLL_MS : false })
  const rights = useRights(namespace)
  const none = list.data?.length === 0
  if (list.error) return <Problem error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Skeleton height={120} role="status" aria-label="The tests are loading" />
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" aria-live="polite">
          {none ? 'The chart has no tests.' : outcome(list.data, running)}
        </Text>
        {!none && (
          <GuardedButton
            variant="default"
            reason={rights.reason('patch', 'releases')}
            loading={running}
            leftSection={<IconFlask size={16} aria-hidden />}
            onClick={() => run.mutate()}
          >
            Run the tests
          </GuardedButton>
        )}
      </Group>
      {run.error && <Problem error={run.error} />}
      {last?.action === 'test' && last.result === 'failed' && !running && (
        <Alert color="red" title="The last run failed" role="status">
          <Text size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {last.message}
          </Text>
        </Alert>
      )}
      {list.data.map((test) => (
        <Test key={`${test.kind}/${test.name}`} test={test} />
      ))}
    </Stack>
  )
}

function outcome(list: Schemas['TestView'][], running: boolean): string {
  if (running) return 'The tests run…'
  const count = (phase: string) => list.filter((test) => test.phase === phase).length
  if (list.every(({ phase }) => phase === '')) return `${list.length} ${list.length === 1 ? 'test, which never ran' : 'tests, which never ran'}.`
  return `${count('Succeeded')} of ${list.length} succeeded, ${count('Failed')} failed.`
}

function Test({ test }: { test: Schemas['TestView'] }) {
  return (
    <Card withBorder component="article">
      <Stack gap="xs">
        <Group gap="sm">
          <Title order={2} size="h5" style={{ overflowWrap: 'anywhere' }}>
            {test.kind} {test.name}
          </Title>
          <Badge color={colours[test.phase] ?? 'gray.7'}>{test.phase || 'Never ran'}</Badge>
          {test.completed && (
            <Text size="xs" c="dimmed">
              ended <Ago time={test.completed} />
            </Text>
          )}
        </Group>
        {test.log !== undefined && test.log !== null && (
          <Code block tabIndex={0} role="region" aria-label={`Log of ${test.name}`} mah={400} style={{ overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {visible(test.log.trim()) || 'It wrote nothing.'}
          </Code>
        )}
        {test.logNote && (
          <Text size="sm" c="dimmed">
            No log: {test.logNote}
          </Text>
        )}
      </Stack>
    </Card>
  )
}
