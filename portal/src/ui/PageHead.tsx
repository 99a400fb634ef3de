import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link, useMatch } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'

export type Crumb = { label: string; to?: string }

type Props = {
  title: string
  crumbs: Crumb[]
  /** Buttons for what can be done with the whole page. */
  actions?: ReactNode
  /** The state of what the page shows, beside its title. */
  status?: ReactNode
}

/** The view that was shown last; the first one after loading takes no focus away. */
let shown: string | undefined

/** Title, state, actions and breadcrumbs of a page. Names the document, and takes the focus after a navigation. */
export function PageHead({ title, crumbs, actions, status }: Props) {
  // The page's own address: the browser's changes while the page before is still shown.
  const pathname = useMatch({ strict: false, select: (match) => match.pathname })
  useDocumentTitle(`${title} · Pilothouse`)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (shown !== undefined && shown !== pathname) heading.current?.focus({ preventScroll: true })
    shown = pathname
  }, [pathname])
  return (
    <Stack gap={4}>
      <nav aria-label="Breadcrumbs">
        <Breadcrumbs
          separatorMargin={6}
          style={{ flexWrap: 'wrap', rowGap: 2 }}
          styles={{ breadcrumb: { whiteSpace: 'normal', overflowWrap: 'anywhere', minWidth: 0 } }}
        >
          {crumbs.map((crumb, place) =>
            crumb.to ? (
              <Anchor key={crumb.label} component={Link} to={crumb.to} size="sm">
                {crumb.label}
              </Anchor>
            ) : (
              <Text
                key={crumb.label}
                size="sm"
                c="dimmed"
                aria-current={place === crumbs.length - 1 ? 'page' : undefined}
                style={{ overflowWrap: 'anywhere' }}
              >
                {crumb.label}
              </Text>
            ),
          )}
        </Breadcrumbs>
      </nav>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Group gap="sm" align="center" style={{ minWidth: 0 }}>
          <Title
            order={1}
            size="h2"
            ref={heading}
            tabIndex={-1}
            style={{ outline: 'none', overflowWrap: 'anywhere', minWidth: 0 }}
          >
            {title}
          </Title>
          {status}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
    </Stack>
  )
}
