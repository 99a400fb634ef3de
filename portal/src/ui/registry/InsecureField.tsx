import { Switch, Text } from '@mantine/core'
import { useState } from 'react'

import { ConfirmDialog } from '../ConfirmDialog'
import { useInnerDialog } from '../FormPane'

type Props = { checked: boolean; onChange: (checked: boolean) => void; error?: string }

/** Plain HTTP; switched on only after its warning was confirmed. */
export function InsecureField({ checked, onChange, error }: Props) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Switch
        label="Plain HTTP (insecure)"
        description={
          checked
            ? 'Credentials and charts travel unencrypted.'
            : 'For a registry without TLS, on your own machine or network.'
        }
        checked={checked}
        error={error}
        onChange={(event) => (event.currentTarget.checked ? setAsking(true) : onChange(false))}
      />
      <InsecureWarning
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false)
          onChange(true)
        }}
      />
    </>
  )
}

/** Says what plain HTTP means, before it is allowed. */
export function InsecureWarning(props: { opened: boolean; onClose: () => void; onConfirm: () => void }) {
  useInnerDialog(props.opened)
  return (
    <ConfirmDialog {...props} title="Allow plain HTTP?" action="Allow plain HTTP" danger pending={false} error={undefined}>
      <Text size="sm">
        Without TLS everybody on the way can read the credentials and replace charts by their own, which then run in your
        cluster. Use it for a registry on your own machine or in a network you trust.
      </Text>
      <Text size="sm" mt="xs">
        For a registry with a certificate of your own authority, add that authority under Certificates instead.
      </Text>
    </ConfirmDialog>
  )
}
