import { Skeleton, Stack, Text, Tooltip, UnstyledButton } from '@mantine/core'
import { IconCheck, IconPlus, IconX } from '@tabler/icons-react'
import { useState } from 'react'

import type { Schemas } from '../../api/client'
import { counted } from '../../lib/registryWords'
import { ago, exact } from '../../lib/time'
import { Problem } from '../../ui/Problem'
import classes from './SyncTimeline.module.css'

type Sync = Schemas['Sync']

const looks: Record<string, { word: string; icon: typeof IconCheck }> = {
  Changed: { word: 'Found changes', icon: IconPlus },
  Unchanged: { word: 'Nothing new', icon: IconCheck },
  Failed: { word: 'Failed', icon: IconX },
}

type Props = {
  syncs: Sync[] | undefined
  /** The state of the repository as it is told already. */
  told: string | null | undefined
  error: unknown
  retry: () => void
}

/** The last syncs as a row of marks, the newest on the right; the chosen one is told in words. */
export function SyncTimeline({ syncs, told, error, retry }: Props) {
  const [chosen, setChosen] = useState<string>()
  if (error) return <Problem error={error} retry={retry} />
  if (!syncs) return <Skeleton height={72} />
  const [newest] = syncs
  if (!newest) {
    return (
      <Text size="sm" c="dimmed">
        It has not been synced yet.
      </Text>
    )
  }
  const shown = syncs.find(({ at }) => at === chosen) ?? newest
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">
        The last syncs, oldest first; equal ones are counted
      </Text>
      <ol className={classes.marks} aria-label="The last syncs, oldest first">
        {syncs.toReversed().map((sync) => (
          <li key={sync.at} className={classes.mark}>
            <Mark sync={sync} chosen={sync === shown} onChoose={() => setChosen(sync.at)} />
          </li>
        ))}
      </ol>
      <div aria-live="polite">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          <Text span size="sm" fw={600}>
            {words(shown)}
          </Text>
          {shown.message && !told?.includes(shown.message) && `: ${shown.message}`}
        </Text>
        <Text size="xs" c="dimmed">
          <time dateTime={shown.at}>{exact(shown.at)}</time> · {ago(shown.at)}
        </Text>
      </div>
    </Stack>
  )
}

function Mark({ sync, chosen, onChoose }: { sync: Sync; chosen: boolean; onChoose: () => void }) {
  const look = looks[sync.result] ?? { word: sync.result, icon: IconCheck }
  const Icon = look.icon
  return (
    <Tooltip label={`${words(sync)}, ${ago(sync.at)}`}>
      <UnstyledButton
        className={classes.button}
        data-result={sync.result}
        aria-pressed={chosen}
        aria-label={`${words(sync)}, ${ago(sync.at)}`}
        onClick={onChoose}
      >
        <Icon size={14} aria-hidden />
        {sync.count > 1 && <span className={classes.count}>{sync.count > 999 ? '999+' : sync.count}</span>}
      </UnstyledButton>
    </Tooltip>
  )
}

function words({ result, count }: Sync): string {
  const word = looks[result]?.word ?? result
  return count > 1 ? `${word} ${counted(count, 'time')} in a row` : word
}
