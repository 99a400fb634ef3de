import { AppShell, Burger, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'

import { useLive, useOnlyNamespaces } from '../../api/live'
import { paths } from '../../lib/paths'
import { rememberNamespace } from '../../lib/scope'
import { ClusterFacts, Simulated } from './Cluster'
import { ColorScheme } from './ColorScheme'
import { ConnectionBanner } from './ConnectionBanner'
import { Navigation } from './Navigation'
import { NamespacePicker } from './NamespacePicker'
import { PaletteButton } from './palette/PaletteButton'
import { RouteAnnouncer } from './RouteAnnouncer'
import { SessionBanner } from './SessionBanner'
import { Shortcuts } from './Shortcuts'
import classes from './shell.module.css'
import { UserMenu } from './UserMenu'

/** Everything around a view: navigation, namespace, who is signed in, and whether changes arrive. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const { namespace } = useSearch({ from: '/signed-in' })
  useLive(useScope(namespace))
  useEffect(() => rememberNamespace(namespace), [namespace])
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
      <a href="#main" className={classes.skip}>
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={opened}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label="Navigation"
            aria-expanded={opened}
            aria-controls="navigation"
          />
          <Text component={Link} to={paths.releases} className={classes.brand} visibleFrom="sm">
            <img src="/favicon.svg" alt="" width={24} height={24} />
            Pilothouse
          </Text>
          <NamespacePicker value={namespace} />
          <Group visibleFrom="sm">
            <Simulated />
          </Group>
          <Group gap={4} wrap="nowrap" ml="auto">
            <PaletteButton />
            <ColorScheme />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" id="navigation" aria-label="Main">
        <Navigation onNavigate={close} />
        <ClusterFacts />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main}>
        <Group hiddenFrom="sm" mb="xs">
          <Simulated />
        </Group>
        <ConnectionBanner />
        <SessionBanner />
        <Outlet />
      </AppShell.Main>
      <RouteAnnouncer />
      <Shortcuts />
    </AppShell>
  )
}

/** The namespace whose changes are followed: that of the object shown, where it is another than the chosen one. */
function useScope(chosen: string | undefined): string | undefined {
  const shown = useParams({ strict: false, select: (params) => (params as { namespace?: string }).namespace })
  const onlyNamespaces = useOnlyNamespaces()
  return chosen === undefined && !onlyNamespaces ? undefined : (shown ?? chosen)
}
