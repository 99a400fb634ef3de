import { Stack, Text } from '@mantine/core'

import { visible } from '../../../lib/visible'
import type { ExcerptLine } from './excerpt'
import classes from './RenderProblem.module.css'

/** The place in a chart's templates where rendering failed, with the way that led there. */
export function ExcerptView({ lines }: { lines: ExcerptLine[] }) {
  const missing = lines.filter(({ kind }) => kind === 'missing')
  return (
    <Stack gap="xs">
      {missing.map(({ text }) => (
        <Text key={text} size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
        </Text>
      ))}
      <pre className={classes.excerpt} tabIndex={0} role="group" aria-label="Place in the chart’s templates">
        {lines
          .filter(({ kind }) => kind !== 'missing')
          .map((line, index) => (
            <div key={index} className={classes[line.kind]}>
              {visible(line.text) || ' '}
            </div>
          ))}
      </pre>
    </Stack>
  )
}
