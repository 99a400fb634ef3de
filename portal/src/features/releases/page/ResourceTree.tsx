import { Button, Checkbox, Group, Skeleton, Stack, Text, TextInput, UnstyledButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconAlertTriangle, IconChevronRight, IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'

import { visible } from '../../../lib/visible'
import { Ago } from '../../../ui/Ago'
import { Problem } from '../../../ui/Problem'
import { resources, type Named } from '../queries'
import { foldable, keyOf, searched, unhealthy, type Node } from '../tree'
import { HealthBadge, healthName } from './HealthBadge'
import classes from './ResourceTree.module.css'

type Props = Named & { onlyUnhealthy: boolean; onOnlyUnhealthy: (only: boolean) => void }

/** What is deployed, as a tree: each object with its health, what it made, and warnings about it. */
export function ResourceTree({ namespace, name, onlyUnhealthy, onOnlyUnhealthy }: Props) {
  const tree = useQuery(resources(namespace, name))
  const [search, setSearch] = useState('')
  // Until somebody folds by hand, the way to what is not well is open.
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map())
  const items = useMemo(() => tree.data?.items ?? [], [tree.data])
  const { all, wanted } = useMemo(() => foldable(items), [items])
  const shown = useMemo(() => searched(onlyUnhealthy ? unhealthy(items) : items, search), [items, onlyUnhealthy, search])
  if (tree.error) return <Problem error={tree.error} retry={() => void tree.refetch()} />
  if (!tree.data) return <Loading />
  const open = new Set(wanted)
  for (const [key, is] of toggled) {
    if (is) open.add(key)
    else open.delete(key)
  }
  const fold = (is: boolean) => setToggled(new Map(all.map((key) => [key, is])))
  const { counts, truncated, revision } = tree.data
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <TextInput
            size="xs"
            type="search"
            aria-label="Search the resources"
            placeholder="Kind, name or reason"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Checkbox
            size="sm"
            label="Not ready only"
            checked={onlyUnhealthy}
            onChange={(event) => onOnlyUnhealthy(event.currentTarget.checked)}
          />
        </Group>
        {all.length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => fold(!all.every((key) => open.has(key)))}>
            {all.every((key) => open.has(key)) ? 'Fold all' : 'Unfold all'}
          </Button>
        )}
      </Group>
      <Text size="sm" aria-live="polite">
        {inWords(counts)}, of revision {revision}.
        {truncated && ' There are more objects than are shown.'}
      </Text>
      {shown.length === 0 ? (
        <Text size="sm">
          {search.trim() !== '' ? `No object matches “${search}”.` : onlyUnhealthy ? 'Everything is ready.' : 'The chart deploys no objects.'}
        </Text>
      ) : (
        <ul className={classes.tree} aria-label="Resources">
          {shown.map((node) => (
            <Branch key={keyOf(node)} node={node} open={open} onToggle={(key, is) => setToggled(new Map(toggled).set(key, is))} />
          ))}
        </ul>
      )}
    </Stack>
  )
}

function inWords(counts: Record<string, number>): string {
  const parts = Object.entries(counts).map(([health, count]) => `${count} ${healthName(health).toLowerCase()}`)
  return parts.join(', ') || 'No objects'
}

function Loading() {
  return (
    <Stack gap="xs" role="status" aria-busy="true" aria-label="Resources are loading">
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={32} />
      ))}
    </Stack>
  )
}

type BranchProps = { node: Node; open: ReadonlySet<string>; onToggle: (key: string, open: boolean) => void }

function Branch({ node, open, onToggle }: BranchProps) {
  const key = keyOf(node)
  const { children = [], events = [] } = node
  const foldable = children.length > 0 || events.length > 0
  const isOpen = open.has(key)
  return (
    <li className={classes.branch}>
      <div className={classes.row}>
        {foldable ? (
          <UnstyledButton
            className={classes.toggle}
            aria-expanded={isOpen}
            aria-label={`${isOpen ? 'Fold' : 'Unfold'} ${node.kind} ${node.name}`}
            onClick={() => onToggle(key, !isOpen)}
          >
            <IconChevronRight size={16} className={classes.arrow} data-open={isOpen || undefined} aria-hidden />
          </UnstyledButton>
        ) : (
          <span className={classes.toggle} />
        )}
        <HealthBadge health={node.health} />
        <div className={classes.what}>
          <Text component="span" size="sm">
            <b>{node.kind}</b> {node.name}
          </Text>
          {events.length > 0 && !isOpen && (
            <Text component="span" size="xs" c="dimmed" className={classes.warnings}>
              <IconAlertTriangle size={14} aria-hidden /> {events.length} {events.length === 1 ? 'warning' : 'warnings'}
            </Text>
          )}
          {node.reason && node.health !== 'Current' && (
            <Text size="xs" className={classes.reason}>
              {visible(node.reason)}
            </Text>
          )}
        </div>
        <Text component="span" size="xs" c="dimmed" className={classes.age}>
          <Ago time={node.createdAt} />
        </Text>
      </div>
      {isOpen && (
        <div className={classes.below}>
          {events.map((event, index) => (
            <Text key={index} size="xs" className={classes.event}>
              <IconAlertTriangle size={14} aria-label="Warning" role="img" className={classes.sign} />
              <span>
                <b>{event.reason}</b>: {event.message}
                {event.count > 1 && ` (${event.count} times)`} <Ago time={event.lastSeen ?? event.firstSeen} />
              </span>
            </Text>
          ))}
          {children.length > 0 && (
            <ul className={classes.tree}>
              {children.map((child) => (
                <Branch key={keyOf(child)} node={child} open={open} onToggle={onToggle} />
              ))}
            </ul>
          )}
        </div>
      )}
    </li>
  )
}
