import { Button } from '@mantine/core'
import { IconSearchOff } from '@tabler/icons-react'

import { widened } from '../../lib/search'
import type { TableView } from '../DataTable'
import { EmptyState } from '../EmptyState'

/** A table whose search and filters leave nothing. */
export function NoMatch({ view, onView }: { view: TableView; onView: (view: TableView) => void }) {
  const parts = [
    view.search && `“${view.search}”`,
    view.state && `state ${view.state}`,
    view.app && `app ${view.app}`,
    view.source && `source ${view.source}`,
  ].filter(Boolean)
  return (
    <EmptyState
      icon={<IconSearchOff aria-hidden />}
      title={`Nothing matches ${parts.join(', ')}`}
      action={
        <Button variant="default" onClick={() => onView(widened(view))}>
          Clear search and filters
        </Button>
      }
    />
  )
}
