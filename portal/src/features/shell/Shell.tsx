import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Group,
  Menu,
  NavLink,
  Select,
  Text,
  Title,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { IconAnchor, IconLogout, IconMoon, IconServer, IconSun, IconUser } from '@tabler/icons-react'
import { useCallback } from 'react'

import { answer, client } from '../../api/client'
import { useConnection, useLive } from '../../api/live'
import { paths } from '../../lib/paths'
import { ALL_NAMESPACES } from '../../lib/scope'

/** Everything around a view: navigation, namespace, who is signed in, and whether changes arrive. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const navigate = useNavigate()
  const location = useLocation()
  const { namespace } = useSearch({ from: '/signed-in' })
  const signedOut = useCallback(() => void navigate({ to: paths.signIn }), [navigate])
  useLive(namespace, signedOut)
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Title order={2} size="h4" visibleFrom="xs">
              Pilothouse
            </Title>
            <NamespacePicker value={namespace} />
            <Simulated />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ConnectionState />
            <ColorScheme />
            <User />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Main">
        <Text size="xs" fw={700} c="dimmed" px="sm" py={6}>
          Kubernetes
        </Text>
        <NavLink
          component={Link}
          to={paths.releases}
          label="Helm"
          leftSection={<IconAnchor size={18} aria-hidden />}
          active={location.pathname.startsWith('/k8s/helm')}
          onClick={close}
        />
        <NavLink
          component={Link}
          to={paths.services}
          label="Services"
          leftSection={<IconServer size={18} aria-hidden />}
          active={location.pathname.startsWith(paths.services)}
          onClick={close}
        />
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}

function NamespacePicker({ value }: { value: string | undefined }) {
  const navigate = useNavigate()
  const namespaces = useQuery({
    queryKey: ['namespaces'],
    queryFn: () => answer(client.GET('/api/v1/namespaces')),
  })
  const names = namespaces.data?.map((namespace) => namespace.name) ?? []
  return (
    <Select
      size="xs"
      w={170}
      aria-label="Namespace"
      searchable
      allowDeselect={false}
      data={[{ value: ALL_NAMESPACES, label: 'All namespaces' }, ...names]}
      value={value ?? ALL_NAMESPACES}
      onChange={(chosen) =>
        void navigate({
          to: '.',
          search: (before) => ({ ...before, namespace: chosen === ALL_NAMESPACES ? undefined : (chosen ?? undefined) }),
        })
      }
    />
  )
}

function Simulated() {
  const cluster = useQuery({ queryKey: ['cluster'], queryFn: () => answer(client.GET('/api/v1/cluster')) })
  if (!cluster.data?.simulated) return null
  return (
    <Tooltip label="The embedded cluster: objects are real, Pods run no containers." multiline maw={320}>
      <Badge color="orange.9" variant="filled" tabIndex={0}>
        Simulated cluster
      </Badge>
    </Tooltip>
  )
}

function ConnectionState() {
  const connection = useConnection()
  if (connection !== 'lost') return null
  return (
    <Badge color="red.9" role="status">
      Disconnected
    </Badge>
  )
}

function ColorScheme() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={`Use the ${other} theme`} onClick={() => setColorScheme(other)}>
      {scheme === 'dark' ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
    </ActionIcon>
  )
}

function User() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const me = useQuery({ queryKey: ['me'], queryFn: () => answer(client.GET('/api/v1/me')) })
  const signOut = async () => {
    await client.DELETE('/api/v1/session')
    queries.clear()
    await navigate({ to: paths.signIn })
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Who is signed in">
          <IconUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.data?.user ?? '…'}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
