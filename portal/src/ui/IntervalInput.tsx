import { Stack, TextInput, UnstyledButton } from '@mantine/core'
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react'
import { useState, type KeyboardEvent, type ReactNode } from 'react'

import { intervalProblem, intervalSeconds, stepInterval } from '../lib/interval'
import classes from './IntervalInput.module.css'

type Props = {
  label: string
  value: string
  onChange: (value: string) => void
  error?: ReactNode
  description?: ReactNode
  disabled?: boolean
}

/** An interval as `MM:SS`: typed, or stepped by arrows; what was typed stays as it is. */
export function IntervalInput({ label, value, onChange, error, description, disabled }: Props) {
  const [left, setLeft] = useState(false)
  const seconds = intervalSeconds(value)
  const steppable = seconds !== undefined && !disabled
  const step = (by: number) => onChange(stepInterval(value, by))

  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (!direction || !steppable) return
    event.preventDefault()
    const input = event.currentTarget
    const caret = input.selectionStart ?? 0
    const colon = value.indexOf(':')
    step(direction * (colon >= 0 && caret > colon ? 1 : 60))
    // The caret stays where it was, so that the next press steps the same part.
    requestAnimationFrame(() => input.setSelectionRange(caret, caret))
  }

  return (
    <TextInput
      label={label}
      description={description}
      required
      disabled={disabled}
      role="spinbutton"
      aria-valuenow={seconds}
      aria-valuetext={seconds === undefined ? value : spoken(seconds)}
      autoComplete="off"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onBlur={() => setLeft(true)}
      onKeyDown={onKey}
      error={error ?? (left ? intervalProblem(value) : undefined)}
      rightSectionWidth={28}
      rightSection={
        // The keys do the same; the arrows would be two more stops on the way through the form.
        <Stack gap={0} aria-hidden>
          <Arrow icon={IconChevronUp} disabled={!steppable} onClick={() => step(60)} />
          <Arrow icon={IconChevronDown} disabled={!steppable} onClick={() => step(-60)} />
        </Stack>
      }
    />
  )
}

function Arrow({
  icon: Icon,
  disabled,
  onClick,
}: {
  icon: typeof IconChevronUp
  disabled: boolean
  onClick: () => void
}) {
  return (
    <UnstyledButton className={classes.arrow} tabIndex={-1} disabled={disabled} onClick={onClick}>
      <Icon size={14} />
    </UnstyledButton>
  )
}

function spoken(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), Math.round(seconds % 60)]
  const parts = [
    [hours, 'hours'],
    [minutes, 'minutes'],
    [rest, 'seconds'],
  ] as const
  return parts.flatMap(([number, unit]) => (number > 0 ? [`${number} ${unit}`] : [])).join(' ') || '0 seconds'
}
