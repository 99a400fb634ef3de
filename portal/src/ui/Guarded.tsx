import { Button, Tooltip, type ButtonProps } from '@mantine/core'
import type { ComponentPropsWithoutRef, ReactNode } from 'react'

type Props = ButtonProps &
  Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps> & {
    /** Why it is not offered to this person; nothing where it is. */
    reason: string | undefined
    /** Draws the button as a link, as Mantine's `renderRoot`. */
    renderRoot?: (props: Record<string, unknown>) => ReactNode
  }

/** A button that stays in the tab order where it is not offered, and then says why. */
export function GuardedButton({ reason, renderRoot, ...button }: Props) {
  if (!reason) return <Button {...button} renderRoot={renderRoot} />
  return (
    <Tooltip label={reason} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
      <Button
        {...button}
        type="button"
        data-disabled
        aria-disabled
        aria-label={typeof button.children === 'string' ? `${button.children} – ${reason}` : button['aria-label']}
        onClick={(event) => event.preventDefault()}
      />
    </Tooltip>
  )
}
