import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

import type { TableView } from '../ui/DataTable'

/** The view of the page's table and the namespace, both kept in the address. */
export function useTableView() {
  const { namespace, ...view } = useSearch({ from: '/signed-in' })
  const navigate = useNavigate()
  const onView = useCallback(
    (next: TableView) => void navigate({ to: '.', search: (before) => ({ ...before, ...next }), replace: true }),
    [navigate],
  )
  return { namespace, view, onView }
}
