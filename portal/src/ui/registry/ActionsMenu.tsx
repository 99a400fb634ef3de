import { Button, Menu, Text } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import type { ReactNode } from 'react'

export type PageAction = {
  label: string
  icon: ReactNode
  danger?: boolean
  /** Why it is not offered to this person. */
  reason?: string
  run: () => void
}

/** What else can be done with the thing on a page. */
export function ActionsMenu({ name, actions }: { name: string; actions: PageAction[] }) {
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />} aria-label={`More actions for ${name}`}>
          More
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(({ label, icon, danger, reason, run }) => (
          <Menu.Item
            key={label}
            leftSection={icon}
            color={danger && !reason ? 'red' : undefined}
            // Reachable, so that the reason is heard; it does nothing then.
            aria-disabled={reason !== undefined || undefined}
            closeMenuOnClick={reason === undefined}
            onClick={() => reason === undefined && run()}
          >
            <Text size="sm" c={reason ? 'dimmed' : undefined} inherit={!reason}>
              {label}
            </Text>
            {reason && (
              <Text size="xs" c="dimmed">
                {reason}
              </Text>
            )}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
