import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { IconAlertTriangle, IconArrowUpCircle, IconCircleCheck, IconCircleX, IconInfoCircle, IconLoader, IconPlayerPause } from '@tabler/icons-react'

import { useRights } from '../../../api/rights'
import { paths } from '../../../lib/paths'
import { Ago } from '../../../ui/Ago'
import { GuardedButton } from '../../../ui/Guarded'
import { splitExcerpt } from '../preview/excerpt'
import { ExcerptView } from '../preview/ExcerptView'
import { reconcileRelease, resources, resumeRelease, type ReleaseDetail } from '../queries'
import type { Tab } from '../search'
import { advice, isRolledBack, newerText, sentence } from '../sentence'
import { useAct } from './ReleaseActions'
import { sourceLink } from './sourceLink'

const looks: Record<string, { color: string; icon: typeof IconCircleCheck }> = {
  Ready: { color: 'green', icon: IconCircleCheck },
  Failed: { color: 'red', icon: IconCircleX },
  Stalled: { color: 'red', icon: IconAlertTriangle },
  Progressing: { color: 'blue', icon: IconLoader },
  Suspended: { color: 'gray', icon: IconPlayerPause },
}

/** The state in one sentence, and what to do next. */
export function StatusPanel({ release, onTab }: { release: ReleaseDetail; onTab: (tab: Tab) => void }) {
  const { namespace, name, status } = release
  const tree = useQuery({ ...resources(namespace, name), enabled: release.deployed !== undefined && release.deployed !== null })
  const next = advice(release)
  const look = looks[status.state] ?? { color: 'gray', icon: IconInfoCircle }
  const { message, excerpt } = splitExcerpt(sentence(release, tree.data))
  const [said = '', ...lines] = message.split('\n')
  // The sentence may name the object; then what the controller said of the whole is told below it.
  const told = isRolledBack(release) || !status.message || said.startsWith(status.message.trim())
  const more = lines.length > 0 ? lines.join('\n') : told ? undefined : status.message
  return (
    <Stack gap="sm">
      <Alert color={look.color} icon={<look.icon aria-hidden />} role="status" aria-live="polite">
        <Stack gap="xs">
          <Text fw={600} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            <Ticks text={said} />
          </Text>
          {more && (
            <Text size="sm" ff={lines.length > 0 ? 'monospace' : undefined} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
              {more}
            </Text>
          )}
          {excerpt.length > 0 && <ExcerptView lines={excerpt} />}
          {next && (
            <Group gap="sm">
              <Text size="sm">{next.text}</Text>
              <NextStep release={release} next={next} onTab={onTab} />
            </Group>
          )}
          {status.since && !isRolledBack(release) && (
            <Text size="xs">
              Since <Ago time={status.since} />
              {release.failures > 0 && `; ${release.failures} ${release.failures === 1 ? 'failure' : 'failures in a row'}`}
            </Text>
          )}
        </Stack>
      </Alert>
      <Operation release={release} onTab={onTab} />
      <NewerVersion release={release} />
    </Stack>
  )
}

/** `name` in ticks is set apart. */
function Ticks({ text }: { text: string }) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}

function NextStep({ release, next, onTab }: { release: ReleaseDetail; next: ReturnType<typeof advice>; onTab: (tab: Tab) => void }) {
  const { namespace, name } = release
  const rights = useRights(namespace)
  const act = useAct()
  const change = rights.reason('patch', 'releases')
  if (next?.tab) {
    const { tab } = next
    return (
      <Button size="compact-sm" variant="default" onClick={() => onTab(tab)}>
        See the {tab}
      </Button>
    )
  }
  switch (next?.action) {
    case 'update':
      return (
        <Group gap="xs">
          {release.deployed && (
            <Button size="compact-sm" variant="default" onClick={() => onTab('resources')}>
              See the resources
            </Button>
          )}
          <GuardedButton
            size="compact-sm"
            variant="default"
            reason={change}
            renderRoot={(props) => <Link to={paths.editRelease} params={{ namespace, name }} {...props} />}
          >
            Correct the values
          </GuardedButton>
        </Group>
      )
    case 'resume':
      return (
        <GuardedButton
          size="compact-sm"
          variant="default"
          reason={change}
          loading={act.isPending}
          onClick={() => act.mutate({ run: () => resumeRelease(release), done: `${name} is reconciled again` })}
        >
          Resume it
        </GuardedButton>
      )
    case 'reset':
      return (
        <GuardedButton
          size="compact-sm"
          variant="default"
          reason={change}
          loading={act.isPending}
          onClick={() =>
            act.mutate({ run: () => reconcileRelease(release, { reset: true }), done: `The failures of ${name} are forgotten; it is being reconciled` })
          }
        >
          Reset and reconcile
        </GuardedButton>
      )
    case 'source': {
      const link = sourceLink(release.chart)
      return link ? (
        <Button size="compact-sm" variant="default" renderRoot={(props) => <Link {...link} {...props} />}>
          See {release.chart.sourceName}
        </Button>
      ) : null
    }
    default:
      return null
  }
}

/** The last rollback or test that was asked for, where it is of interest still. */
function Operation({ release, onTab }: { release: ReleaseDetail; onTab: (tab: Tab) => void }) {
  const last = release.lastOperation
  if (!last || last.result === 'succeeded') return null
  const running = last.result === 'running'
  const what = last.action === 'rollback' ? `The rollback to revision ${last.to ?? '?'}` : 'The run of the tests'
  return (
    <Alert
      color={running ? 'blue' : 'red'}
      icon={running ? <IconLoader aria-hidden /> : <IconCircleX aria-hidden />}
      role="status"
      title={running ? `${what} goes on` : `${what} failed`}
    >
      <Group gap="sm">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {last.message}
          {last.by && ` Asked for by ${last.by}`}
          {last.at && (
            <>
              , <Ago time={last.at} />
            </>
          )}
        </Text>
        <Button size="compact-sm" variant="default" onClick={() => onTab(last.action === 'test' ? 'tests' : 'history')}>
          {last.action === 'test' ? 'See the tests' : 'See the history'}
        </Button>
      </Group>
    </Alert>
  )
}

function NewerVersion({ release }: { release: ReleaseDetail }) {
  const { namespace, name, newer } = release
  const rights = useRights(namespace)
  const text = newerText(release)
  if (!newer || !text || isRolledBack(release)) return null
  return (
    <Alert color="gray" icon={<IconArrowUpCircle aria-hidden />} py="xs">
      <Group gap="sm">
        <Text size="sm">
          {text} Deployed is {release.deployed?.chartVersion}
          {newer.deprecated && ', which is deprecated'}.
        </Text>
        {rights.reason('patch', 'releases') === undefined && (
          <Anchor
            size="sm"
            renderRoot={(props) => (
              <Link to={paths.editRelease} params={{ namespace, name }} search={{ version: newer.version }} {...props} />
            )}
          >
            Update to {newer.version}
          </Anchor>
        )}
      </Group>
    </Alert>
  )
}
