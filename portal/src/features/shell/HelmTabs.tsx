import { Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { paths } from '../../lib/paths'
import { PageHead } from '../../ui/PageHead'
import classes from './shell.module.css'

const tabs = [
  { value: paths.releases, label: 'Release' },
  { value: paths.repositories, label: 'Helm Repository' },
  { value: paths.ociRepositories, label: 'OCI Repository' },
] as const

/** The three tabs of Kubernetes → Helm: links, so that each can be opened in a tab of its own. */
export function HelmTabs({ active, children }: { active: (typeof tabs)[number]['value']; children: ReactNode }) {
  const label = tabs.find((tab) => tab.value === active)?.label ?? ''
  return (
    <Stack>
      <PageHead title={label} crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label }]} />
      <nav aria-label="Helm" className={classes.tabs}>
        {tabs.map((tab) => (
          <Link key={tab.value} to={tab.value} className={classes.tab} aria-current={tab.value === active ? 'page' : undefined}>
            {tab.label}
          </Link>
        ))}
      </nav>
      {children}
    </Stack>
  )
}
