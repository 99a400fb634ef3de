import { useNavigate, useSearch } from '@tanstack/react-router'

import { pageSearch } from './search'

/** The tab and the opened form of a page, kept in its address. */
export function usePageSearch() {
  const { tab, action } = pageSearch(useSearch({ strict: false }))
  const navigate = useNavigate()
  return {
    tab,
    action,
    /** The search and page of one tab's table are not those of another's. */
    openTab: (next: string | undefined) =>
      void navigate({ to: '.', search: ({ namespace }) => ({ namespace, tab: next }), replace: true }),
    open: (next: typeof action) => void navigate({ to: '.', search: (before) => ({ ...before, action: next }) }),
    /** Back to the page without its form. */
    close: () => void navigate({ to: '.', search: (before) => ({ ...before, action: undefined }), replace: true }),
  }
}
