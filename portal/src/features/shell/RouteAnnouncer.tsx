import { VisuallyHidden } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

/** Tells a screen reader which page a navigation led to. */
export function RouteAnnouncer() {
  const router = useRouter()
  const [title, setTitle] = useState('')
  useEffect(() => {
    let timer: number | undefined
    const stop = router.subscribe('onResolved', ({ pathChanged }) => {
      if (!pathChanged) return
      // The page names the document once it is drawn.
      timer = window.setTimeout(() => setTitle(document.title), 100)
    })
    return () => {
      stop()
      window.clearTimeout(timer)
    }
  }, [router])
  return (
    <VisuallyHidden aria-live="polite" role="status">
      {title}
    </VisuallyHidden>
  )
}
