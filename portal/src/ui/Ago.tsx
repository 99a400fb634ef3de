import { ago, exact } from '../lib/time'
import { TICK_MS, useNow } from '../lib/useNow'

/** A time in words that stay true; the exact one when pointed at. */
export function Ago({ time }: { time: string | null | undefined }) {
  const now = useNow()
  if (!time) return <>–</>
  // What seems to come before the next tick has just been.
  const ahead = Date.parse(time) - now
  return (
    <time dateTime={time} title={exact(time)} style={{ whiteSpace: 'nowrap' }}>
      {ago(time, ahead >= 0 && ahead <= TICK_MS ? now + ahead + 1_000 : now)}
    </time>
  )
}
