import { CloseButton, Select, UnstyledButton } from '@mantine/core'

import type { TablePage, TableView } from '../DataTable'
import classes from './table.module.css'

type Props = {
  view: TableView
  onView: (view: TableView) => void
  page: TablePage<unknown> | undefined
}

/** What needs attention comes first. */
const ORDER = ['Failed', 'Stalled', 'Progressing', 'Pending', 'Deleting', 'Suspended', 'Stopped', 'Running', 'Ready']

function byAttention(a: string, b: string) {
  const place = (state: string) => (ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length)
  return place(a) - place(b)
}

/** Filters by state, with counts, and by application. */
export function Filters({ view, onView, page }: Props) {
  const states = { ...(view.state ? { [view.state]: 0 } : {}), ...page?.states }
  const names = Object.keys(states).toSorted(byAttention)
  const all = Object.values(states).reduce((sum, count) => sum + count, 0)
  const byState = names.length > 0
  const byApp = view.app !== undefined || Object.keys(page?.apps ?? {}).some((app) => app !== '')
  // Its place is kept while nothing is known yet, so that the table does not jump.
  if (!page && !byState) return <div className={classes.filters} />
  if (!byState && !byApp && !view.source) return null
  const choose = (change: Partial<TableView>) => onView({ ...view, ...change, page: undefined })
  return (
    <div className={classes.filters}>
      {byState && (
        <div role="group" aria-label="Filter by state" className={classes.states}>
          <Toggle label="All" count={all} on={view.state === undefined} onClick={() => choose({ state: undefined })} />
          {names.map((state) => (
            <Toggle
              key={state}
              label={state}
              count={states[state] ?? 0}
              on={view.state === state}
              onClick={() => choose({ state: view.state === state ? undefined : state })}
            />
          ))}
        </div>
      )}
      {byApp && <AppFilter app={view.app} apps={page?.apps ?? {}} onChange={(app) => choose({ app })} />}
      {view.source && (
        <span className={classes.chosen}>
          Source: {view.source}
          <CloseButton
            size="sm"
            aria-label={`Show releases of all sources, not only of ${view.source}`}
            onClick={() => choose({ source: undefined })}
          />
        </span>
      )}
    </div>
  )
}

function Toggle({ label, count, on, onClick }: { label: string; count: number; on: boolean; onClick: () => void }) {
  return (
    <UnstyledButton className={classes.toggle} aria-pressed={on} onClick={onClick}>
      {label} <span className={classes.count}>{count}</span>
    </UnstyledButton>
  )
}

function AppFilter({
  app,
  apps,
  onChange,
}: {
  app: string | undefined
  apps: Record<string, number>
  onChange: (app: string | undefined) => void
}) {
  const names = Object.keys(apps).filter((name) => name !== '')
  const data = [...new Set([...names, ...(app ? [app] : [])])].map((name) => ({
    value: name,
    label: apps[name] === undefined ? name : `${name} (${apps[name]})`,
  }))
  return (
    <div role="group" aria-label="Filter by app" className={classes.states}>
      <UnstyledButton className={classes.toggle} aria-pressed={app === undefined} onClick={() => onChange(undefined)}>
        All apps
      </UnstyledButton>
      <Select
        size="xs"
        aria-label="Select App"
        placeholder="Select App"
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Show all apps' }}
        data={data}
        value={app ?? null}
        onChange={(chosen) => onChange(chosen ?? undefined)}
      />
    </div>
  )
}
