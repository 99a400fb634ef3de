import { ago, exact } from '../lib/time'
import { useNow } from '../lib/useNow'

/** A time in words that stay true; the exact one when pointed at. */
export function Ago({ time }: { time: string | null | undefined }) {
  const now = useNow()
  if (!time) return <>–</>
  return (
    <time dateTime={time} title={exact(time)} style={{ whiteSpace: 'nowrap' }}>
      {ago(time, now)}
    </time>
  )
}
