import { Alert, Button, Stack, Text } from '@mantine/core'

import { changedBy, type Changed } from '../../api/concurrency'
import { fieldWords } from '../../lib/fieldWords'
import { same } from '../../lib/manifest'

type Props<F extends object> = {
  error: Changed
  name: string
  /** The form as it began, and as it would begin now. */
  base: F
  theirs: F
  /** Takes the changes and keeps what was typed. */
  onLoad: () => void
}

/** Says that somebody else saved meanwhile, and offers to go on without losing what was typed. */
export function ChangedNote<F extends object>({ error, name, base, theirs, onLoad }: Props<F>) {
  const at = (form: F, key: string) => (form as Record<string, unknown>)[key]
  const names = Object.keys(theirs).filter((key) => !same(at(base, key), at(theirs, key)))
  return (
    <Alert color="orange" role="alert" title="Changed in the meantime">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          {changedBy(error)} changed {names.length > 0 ? `${fieldWords(names)} of ${name}` : name} since this form was
          opened. Nothing of yours is saved yet.
        </Text>
        <Button size="xs" variant="default" onClick={onLoad}>
          Load the changes and keep my input
        </Button>
      </Stack>
    </Alert>
  )
}

/** Says which fields both changed. */
export function BothChanged({ fields }: { fields: string[] }) {
  if (fields.length === 0) return null
  return (
    <Alert color="orange" title="Both of you changed the same">
      <Text size="sm">
        Your input for {fieldWords(fields)} is kept and replaces the other’s when you save. Look at it again.
      </Text>
    </Alert>
  )
}
