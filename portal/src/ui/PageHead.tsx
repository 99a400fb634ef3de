import { Anchor, Breadcrumbs, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'

export type Crumb = { label: string; to?: string }

/** Title and breadcrumbs of a page. */
export function PageHead({ title, crumbs }: { title: string; crumbs: Crumb[] }) {
  return (
    <Stack gap={4}>
      <nav aria-label="Breadcrumbs">
        <Breadcrumbs separatorMargin={6}>
          {crumbs.map((crumb) =>
            crumb.to ? (
              <Anchor key={crumb.label} component={Link} to={crumb.to} size="sm">
                {crumb.label}
              </Anchor>
            ) : (
              <Text key={crumb.label} size="sm" c="dimmed">
                {crumb.label}
              </Text>
            ),
          )}
        </Breadcrumbs>
      </nav>
      <Title order={1} size="h2">
        {title}
      </Title>
    </Stack>
  )
}
