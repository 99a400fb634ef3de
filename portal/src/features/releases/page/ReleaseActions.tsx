import { ActionIcon, Button, Group, Menu, Text, Tooltip, VisuallyHidden } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  IconChevronDown,
  IconDots,
  IconEdit,
  IconFlask,
  IconHistory,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'

import { ProblemError } from '../../../api/problem'
import { useRights } from '../../../api/rights'
import { paths } from '../../../lib/paths'
import { GuardedButton } from '../../../ui/Guarded'
import { reconcileRelease, resumeRelease, suspendRelease, type ReleaseDetail } from '../queries'

/** Asks for something and says what came of it; the stream brings the new state. */
export function useAct() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ run }: { run: () => Promise<unknown>; done: string }) => run(),
    onSuccess: (_, { done }) => {
      notifications.show({ message: done })
      void queries.invalidateQueries({ queryKey: ['releases'] })
    },
    onError: (error) => {
      const problem = error instanceof ProblemError ? error.problem : undefined
      const message = [problem?.detail ?? error.message, problem?.hint].filter(Boolean).join(' ')
      notifications.show({ color: 'red', title: problem?.title ?? 'Not done', message, autoClose: 10_000 })
    },
  })
}

type Props = { release: ReleaseDetail; onTest: () => void; onRollBack: () => void; onDelete: () => void }

/** What can be done with a release. */
export function ReleaseActions({ release, onTest, onRollBack, onDelete }: Props) {
  const { namespace, name, suspended, deployed } = release
  const rights = useRights(namespace)
  const act = useAct()
  const change = rights.reason('patch', 'releases')
  const deleting = release.status.state === 'Deleting' ? 'It is being deleted.' : undefined
  const asleep = suspended ? 'It is suspended: resume it first.' : undefined
  const undeployed = deployed ? undefined : 'Nothing is deployed yet.'
  const reconcile = (body: { withSource?: boolean; force?: boolean; reset?: boolean }, done: string) =>
    act.mutate({ run: () => reconcileRelease(release, body), done })
  return (
    <Group gap="xs">
      <GuardedButton
        reason={change ?? deleting}
        leftSection={<IconEdit size={16} aria-hidden />}
        renderRoot={(props) => <Link to={paths.editRelease} params={{ namespace, name }} {...props} />}
      >
        Update
      </GuardedButton>
      <Button.Group>
        {suspended ? (
          <GuardedButton
            variant="default"
            reason={change ?? deleting}
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            onClick={() => act.mutate({ run: () => resumeRelease(release), done: `${name} is reconciled again` })}
          >
            Resume
          </GuardedButton>
        ) : (
          <GuardedButton
            variant="default"
            reason={change ?? deleting}
            loading={act.isPending}
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => reconcile({}, `${name} is being reconciled`)}
          >
            Reconcile
          </GuardedButton>
        )}
        <Menu position="bottom-end" width={300}>
          <Menu.Target>
            <Tooltip label="Other ways to reconcile">
              <Button variant="default" px={8} aria-label="Other ways to reconcile">
                <IconChevronDown size={16} aria-hidden />
              </Button>
            </Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            <Item
              reason={change ?? deleting ?? asleep}
              about="Looks for new versions first"
              run={() => reconcile({ withSource: true }, `The source of ${name} is synced, then it is reconciled`)}
            >
              With its source
            </Item>
            <Item
              reason={change ?? deleting ?? asleep}
              about="Upgrades also where nothing changed"
              run={() => reconcile({ force: true }, `${name} is being upgraded`)}
            >
              Force an upgrade
            </Item>
            <Item
              reason={change ?? deleting ?? asleep}
              about="Forgets earlier failures, so that it is tried again"
              run={() => reconcile({ reset: true }, `The failures of ${name} are forgotten; it is being reconciled`)}
            >
              Reset failures
            </Item>
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={`More actions for ${name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {suspended ? null : (
            <Item
              icon={<IconPlayerPause size={16} aria-hidden />}
              reason={change ?? deleting}
              run={() => act.mutate({ run: () => suspendRelease(release), done: `${name} is suspended` })}
            >
              Suspend
            </Item>
          )}
          <Item icon={<IconHistory size={16} aria-hidden />} reason={change ?? deleting ?? undeployed} run={onRollBack}>
            Roll back…
          </Item>
          <Item icon={<IconFlask size={16} aria-hidden />} reason={change ?? deleting ?? undeployed} run={onTest}>
            Run its tests
          </Item>
          <Menu.Divider />
          <Item icon={<IconTrash size={16} aria-hidden />} danger reason={rights.reason('delete', 'releases') ?? deleting} run={onDelete}>
            Delete…
          </Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

type ItemProps = { children: string; icon?: ReactNode; about?: string; danger?: boolean; reason?: string; run: () => void }

/** What is not possible stays reachable, so that everybody can read why. */
function Item({ children, icon, about, danger, reason, run }: ItemProps) {
  return (
    <Menu.Item
      leftSection={icon}
      color={danger && !reason ? 'red.9' : undefined}
      aria-disabled={reason ? true : undefined}
      closeMenuOnClick={!reason}
      onClick={reason ? undefined : run}
      c={reason ? 'dimmed' : undefined}
    >
      {children}
      {(reason ?? about) && (
        <Text size="xs" c="dimmed">
          <VisuallyHidden>: </VisuallyHidden>
          {reason ?? about}
        </Text>
      )}
    </Menu.Item>
  )
}
