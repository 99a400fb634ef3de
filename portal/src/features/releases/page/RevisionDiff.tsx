import { Skeleton, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'

import { ChangeList } from '../../../ui/ChangeList'
import { DiffView } from '../../../ui/DiffView'
import { Problem } from '../../../ui/Problem'
import { Part } from '../preview/ChangesView'
import { comparison, type Named } from '../queries'

/** What differs between two revisions: objects, values and notes. */
export function RevisionDiff({ namespace, name, from, to }: Named & { from: number; to: number }) {
  const diff = useQuery({ ...comparison(namespace, name, from, to), enabled: from !== to, placeholderData: keepPreviousData })
  if (from === to) return <Text size="sm">It is the same revision: choose another one.</Text>
  if (diff.error) return <Problem error={diff.error} retry={() => void diff.refetch()} />
  if (!diff.data) return <Skeleton height={120} role="status" aria-label="The difference is loading" />
  const { objects, values, notes, chartVersions } = diff.data
  const [before, after] = chartVersions
  return (
    <Stack aria-busy={diff.isPlaceholderData}>
      <Text size="sm" aria-live="polite">
        Chart {before === after ? `${after} in both` : `${before} → ${after}`}. {objects.length === 0 ? 'No object differs.' : `${objects.length} ${objects.length === 1 ? 'object differs' : 'objects differ'}.`}
      </Text>
      <Part title="Objects">
        <ChangeList items={objects} />
      </Part>
      <Part title="Values">
        <DiffView unified={values.unified} label="Difference of the values" />
      </Part>
      <Part title="Notes">
        <DiffView unified={notes.unified} label="Difference of the notes" />
      </Part>
    </Stack>
  )
}
