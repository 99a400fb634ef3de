import { Badge, Button, Group, Select, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconArrowBackUp } from '@tabler/icons-react'

import type { Schemas } from '../../../api/client'
import { useRights } from '../../../api/rights'
import { Ago } from '../../../ui/Ago'
import { GuardedButton } from '../../../ui/Guarded'
import { PlainTable, type PlainColumn } from '../../../ui/PlainTable'
import { Problem } from '../../../ui/Problem'
import { history, type ReleaseDetail } from '../queries'
import { RevisionDiff } from './RevisionDiff'

type Revision = Schemas['RevisionView']
type Props = {
  release: ReleaseDetail
  /** Revisions that are compared. */
  from?: number
  to?: number
  onCompare: (from: number | undefined, to: number | undefined) => void
  onRollBack: (revision: number) => void
}

const colours: Record<string, string> = { deployed: 'green.9', failed: 'red.9' }

/** The revisions of a release, what changed between any two, and the way back to one. */
export function History({ release, from, to, onCompare, onRollBack }: Props) {
  const { namespace, name } = release
  const revisions = useQuery(history(namespace, name))
  const rights = useRights(namespace)
  if (revisions.error) return <Problem error={revisions.error} retry={() => void revisions.refetch()} />
  if (!revisions.data) return <Skeleton height={160} role="status" aria-label="The history is loading" />
  const list = revisions.data
  if (list.length === 0) return <Text size="sm">Nothing was deployed yet.</Text>
  const newest = list[0]?.revision
  const refused =
    rights.reason('patch', 'releases') ?? (release.status.state === 'Deleting' ? 'The release is being deleted.' : undefined)
  const columns: PlainColumn<Revision>[] = [
    {
      title: 'Revision',
      render: ({ revision }) => (
        <>
          {/* On a card no heading says what the number is. */}
          <Text span inherit hiddenFrom="sm">
            Revision{' '}
          </Text>
          {revision}
          {revision === newest && (
            <Text span size="xs" c="dimmed">
              {' '}
              newest
            </Text>
          )}
        </>
      ),
    },
    {
      title: 'Status',
      render: ({ status }) => (
        <Badge size="sm" color={colours[status] ?? 'gray.7'}>
          {status}
        </Badge>
      ),
    },
    { title: 'Chart', render: ({ chartName, chartVersion }) => `${chartName} ${chartVersion}` },
    { title: 'App version', render: ({ appVersion }) => appVersion || '–' },
    { title: 'Deployed', render: ({ deployed }) => <Ago time={deployed} /> },
    { title: 'Deployed by', render: ({ managed }) => (managed ? 'Pilothouse' : 'helm, or changed with it') },
    { title: 'What happened', render: ({ description }) => description, cell: { style: { overflowWrap: 'anywhere' } } },
    {
      title: 'Actions',
      render: (one, place) => (
        <RevisionActions one={one} previous={list[place + 1]?.revision} current={one.revision === newest} refused={refused} onCompare={onCompare} onRollBack={onRollBack} />
      ),
    },
  ]
  return (
    <Stack>
      <PlainTable label="Revisions" minWidth={900} rows={list} rowKey={({ revision }) => revision} columns={columns} />
      {list.length > 1 && <Compare release={release} list={list} from={from} to={to} onCompare={onCompare} />}
    </Stack>
  )
}

type ActionProps = Pick<Props, 'onCompare' | 'onRollBack'> & { one: Revision; previous?: number; current: boolean; refused?: string }

/** What can be done with one revision. */
function RevisionActions({ one, previous, current, refused, onCompare, onRollBack }: ActionProps) {
  return (
    <Group gap={6}>
      {previous !== undefined && (
        <Button size="compact-xs" variant="default" aria-label={`Changes of revision ${one.revision}`} onClick={() => onCompare(previous, one.revision)}>
          Changes
        </Button>
      )}
      {!current && (
        <GuardedButton
          size="compact-xs"
          variant="default"
          reason={refused}
          leftSection={<IconArrowBackUp size={14} aria-hidden />}
          aria-label={`Roll back to revision ${one.revision}`}
          onClick={() => onRollBack(one.revision)}
        >
          Roll back
        </GuardedButton>
      )}
    </Group>
  )
}

type CompareProps = Pick<Props, 'release' | 'from' | 'to' | 'onCompare'> & { list: Revision[] }

function Compare({ release, list, from, to, onCompare }: CompareProps) {
  const numbers = list.map(({ revision }) => revision)
  // Where nothing is chosen, the last step is shown.
  const right = to !== undefined && numbers.includes(to) ? to : numbers[0]
  const left = from !== undefined && numbers.includes(from) ? from : numbers[1]
  const data = list.map(({ revision, chartVersion, status }) => ({
    value: String(revision),
    label: `${revision} (${chartVersion}, ${status})`,
  }))
  return (
    <Stack gap="sm" component="section" aria-labelledby="compare-heading">
      <Title order={2} size="h4" id="compare-heading">
        Compare two revisions
      </Title>
      <Group gap="sm">
        <Select
          label="From"
          allowDeselect={false}
          data={data}
          value={left === undefined ? null : String(left)}
          onChange={(value) => onCompare(Number(value), right)}
        />
        <Select
          label="To"
          allowDeselect={false}
          data={data}
          value={right === undefined ? null : String(right)}
          onChange={(value) => onCompare(left, Number(value))}
        />
      </Group>
      {left !== undefined && right !== undefined && (
        <RevisionDiff namespace={release.namespace} name={release.name} from={left} to={right} />
      )}
    </Stack>
  )
}
