import { Alert, Button, Group, Text } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'

import { reconnect, useConnection } from '../../api/live'
import { exact } from '../../lib/time'
import { Ago } from '../../ui/Ago'

/** A cut this short is not worth a word. */
const PATIENCE_MS = 2_000

/** Says when changes do not arrive, and since when. */
export function ConnectionBanner() {
  const { state, since } = useConnection()
  const [patient, setPatient] = useState(true)
  useEffect(() => {
    setPatient(true)
    if (state !== 'lost') return
    const timer = window.setTimeout(() => setPatient(false), PATIENCE_MS)
    return () => window.clearTimeout(timer)
  }, [state, since])
  const time = new Date(since).toISOString()
  return (
    <div role="status">
      {state === 'lost' && !patient && (
        <Alert color="orange" mb="md" p="xs" icon={<IconPlugConnectedX aria-hidden />}>
          <Group justify="space-between" gap="xs">
            <Text size="sm">
              Disconnected since {exact(time)} (<Ago time={time} />
              ). What you see may be out of date; it is refreshed once the server answers again.
            </Text>
            <Button size="xs" variant="default" onClick={reconnect}>
              Try now
            </Button>
          </Group>
        </Alert>
      )}
    </div>
  )
}
