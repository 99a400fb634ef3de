import { ActionIcon, Menu, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { IconKeyboard, IconLogout, IconUser } from '@tabler/icons-react'

import { me, signOut } from '../../api/session'
import { paths } from '../../lib/paths'
import { exact } from '../../lib/time'
import { Ago } from '../../ui/Ago'
import { shortcutList } from './Shortcuts'

/** Ends the session and forgets all that was read. */
export function useSignOut() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  return async () => {
    await signOut()
    await navigate({ to: paths.signIn })
    queries.clear()
  }
}

/** Who is signed in, until when, and the way out. */
export function UserMenu() {
  const { data } = useQuery(me)
  const leave = useSignOut()
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={data ? `Signed in as ${data.user}` : 'Who is signed in'}>
          <IconUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="xs" component="span" display="block">
            Signed in as
          </Text>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" component="span" display="block" style={{ overflowWrap: 'anywhere' }}>
            {data?.user ?? '…'}
          </Text>
          {data && data.groups.length > 0 && (
            <Text size="xs" component="span" display="block" style={{ overflowWrap: 'anywhere' }}>
              Groups: {data.groups.join(', ')}
            </Text>
          )}
          {data?.sessionEndsAt && (
            <Text size="xs" component="span" display="block" title={exact(data.sessionEndsAt)}>
              Session ends <Ago time={data.sessionEndsAt} />
            </Text>
          )}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={() => shortcutList.set(true)}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void leave()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
