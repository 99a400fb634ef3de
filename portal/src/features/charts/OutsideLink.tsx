import { Anchor, Text } from '@mantine/core'

import { safeLink } from '../../lib/links'
import { visible } from '../../lib/visible'

/** A link that a chart names; only as text where it may not be followed. */
export function OutsideLink({ url, children }: { url: string; children?: string }) {
  const target = safeLink(url)
  const label = visible(children ?? url.replace(/^https?:\/\//, '').replace(/\/$/, ''))
  if (!target) return <Text span inherit>{label}</Text>
  return (
    <Anchor inherit href={target} target="_blank" rel="noopener noreferrer" title={target}>
      {label}
    </Anchor>
  )
}
