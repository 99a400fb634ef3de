import { ago, exact } from '../lib/time'

/** A time as the distance from now; the exact one on hover. */
export function Moment({ time }: { time: string | null | undefined }) {
  if (!time) return '–'
  return (
    <time dateTime={time} title={exact(time)}>
      {ago(time)}
    </time>
  )
}
