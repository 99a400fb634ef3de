import { useNavigate } from '@tanstack/react-router'

/** Shows another tab of a page, or opens one of its forms, by its address. */
export function usePageSearch() {
  const navigate = useNavigate()
  return {
    /** The table of one tab is no table of another: its search and page stay behind. */
    openTab: (tab: string | undefined) =>
      void navigate({ to: '.', search: ({ namespace }: { namespace?: string }) => ({ namespace, tab }) as never, replace: true }),
    open: (action: string | undefined) =>
      void navigate({ to: '.', search: (before: object) => ({ ...before, action }) as never }),
  }
}
