import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

import { asked, tableView, type TableSearch } from './search'

/** The view of the page's table and the namespace, both kept in the address. */
export function useTableView() {
  const namespace = useSearch({ from: '/signed-in', select: (search) => search.namespace })
  const view = useSearch({ from: '/signed-in', select: tableView, structuralSharing: true })
  const navigate = useNavigate()
  const onView = useCallback(
    (next: TableSearch) =>
      void navigate({ to: '.', search: (before) => ({ ...before, ...next }), replace: true, resetScroll: false }),
    [navigate],
  )
  return { namespace, view, query: asked(view), onView }
}
