import { Button, Stack, Text, VisuallyHidden } from '@mantine/core'
import { useMemo, useState } from 'react'

import { parseUnified, type DiffLine } from '../lib/diff'
import { visible } from '../lib/visible'
import classes from './DiffView.module.css'

/** Lines shown before a person asks for all. */
const FIRST_LINES = 300

const signs: Record<DiffLine['kind'], string> = { same: '', added: '+', removed: '−', gap: '', remark: '' }

/** A difference in unified form, with the line numbers of both sides. */
export function DiffView({ unified, label }: { unified: string; label: string }) {
  const lines = useMemo(() => parseUnified(unified), [unified])
  const [all, setAll] = useState(false)
  if (lines.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No difference.
      </Text>
    )
  }
  const shown = all ? lines : lines.slice(0, FIRST_LINES)
  return (
    <Stack gap="xs" align="stretch" miw={0}>
      <div className={classes.frame} role="group" aria-label={label} tabIndex={0}>
        <div className={shown.length > FIRST_LINES ? `${classes.lines} ${classes.long}` : classes.lines}>
          {shown.map((line, index) => (
            <Line key={index} line={line} />
          ))}
        </div>
      </div>
      {lines.length > shown.length && (
        <Button variant="default" size="xs" style={{ alignSelf: 'flex-start' }} onClick={() => setAll(true)}>
          Show all {lines.length.toLocaleString('en')} lines
        </Button>
      )}
    </Stack>
  )
}

function Line({ line }: { line: DiffLine }) {
  return (
    <div className={`${classes.line} ${classes[line.kind] ?? ''}`}>
      <span className={`${classes.number} ${classes.old}`} aria-hidden>
        {line.old}
      </span>
      <span className={classes.number} aria-hidden>
        {line.new}
      </span>
      <span className={classes.sign} aria-hidden>
        {signs[line.kind]}
      </span>
      <span className={classes.text}>
        {line.kind === 'added' && <VisuallyHidden>added: </VisuallyHidden>}
        {line.kind === 'removed' && <VisuallyHidden>removed: </VisuallyHidden>}
        {visible(line.text)}
      </span>
    </div>
  )
}
