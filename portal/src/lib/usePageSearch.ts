import { useNavigate, useSearch } from '@tanstack/react-router'

import { text } from './search'

const actions = ['update', 'rename', 'delete'] as const

export type PageAction = (typeof actions)[number]

/** The tab and the opened form of a page, kept in its address. */
export function usePageSearch() {
  const search: { tab?: unknown; action?: unknown } = useSearch({ strict: false })
  const navigate = useNavigate()
  return {
    tab: text(search.tab),
    action: actions.find((action) => action === search.action),
    /** The search and page of one tab's table are not those of another's. */
    openTab: (tab: string | undefined) =>
      void navigate({ to: '.', search: ({ namespace }) => ({ namespace, tab }), replace: true, resetScroll: false }),
    open: (action: PageAction) => void navigate({ to: '.', search: (before) => ({ ...before, action }), resetScroll: false }),
    /** Back to the page without its form. */
    close: () =>
      void navigate({ to: '.', search: (before) => ({ ...before, action: undefined }), replace: true, resetScroll: false }),
  }
}
