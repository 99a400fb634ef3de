import {
  Alert,
  Button,
  Checkbox,
  Drawer,
  Group,
  PasswordInput,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'

import type { Schemas } from '../../api/client'
import { ProblemError } from '../../api/problem'
import { Problem } from '../../ui/Problem'
import { createRepository, testConnection } from './queries'

type Form = {
  name: string
  interval: string
  type: 'default' | 'oci'
  url: string
  credentials: 'none' | 'basic' | 'secret'
  username: string
  password: string
  secretName: string
  authority: string
  insecure: boolean
}

const initial: Form = {
  name: '',
  interval: '05:00',
  type: 'default',
  url: '',
  credentials: 'none',
  username: '',
  password: '',
  secretName: '',
  authority: '',
  insecure: false,
}

/** The form as the API takes it: what the chosen kind of credentials does not use stays behind. */
export function toRequest(form: Form): Schemas['RepositoryRequest'] {
  const credentials = {
    none: undefined,
    basic: { kind: 'basic' as const, username: form.username, password: form.password },
    secret: { kind: 'secret' as const, secretName: form.secretName },
  }[form.credentials]
  return {
    name: form.name.trim(),
    interval: form.interval,
    type: form.type,
    url: form.url.trim(),
    insecure: form.type === 'oci' && form.insecure,
    ...(credentials && { credentials }),
    ...(form.authority.trim() && { certificate: { authority: form.authority } }),
  }
}

/** The server's messages at the fields of the form. */
function fieldErrors(error: unknown): Partial<Record<keyof Form, string>> {
  if (!(error instanceof ProblemError)) return {}
  const named = Object.entries(error.fields).map(([field, message]) => [field.replace('credentials.', ''), message])
  return Object.fromEntries(named) as Partial<Record<keyof Form, string>>
}

export function AddRepository({
  opened,
  onClose,
  namespace,
}: {
  opened: boolean
  onClose: () => void
  namespace: string
}) {
  const queries = useQueryClient()
  const form = useForm<Form>({ initialValues: initial })
  const { values } = form
  const close = () => {
    form.reset()
    test.reset()
    create.reset()
    onClose()
  }
  const refused = (error: unknown) => form.setErrors(fieldErrors(error))
  const test = useMutation({ mutationFn: () => testConnection(namespace, toRequest(form.values)), onError: refused })
  const create = useMutation({
    mutationFn: () => createRepository(namespace, toRequest(form.values)),
    onError: refused,
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: ['repositories'] })
      notifications.show({ message: `${name} is registered and being synced` })
      close()
    },
  })
  const unplaced = create.error ?? test.error
  return (
    <Drawer
      opened={opened}
      onClose={close}
      position="right"
      size="md"
      title="Add Helm Repository"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={form.onSubmit(() => create.mutate())}>
        <Stack>
          <TextInput label="Name" required data-autofocus {...form.getInputProps('name')} />
          <TextInput
            label="Interval (MM:SS)"
            description="How often the repository is compared with its registry."
            required
            {...form.getInputProps('interval')}
          />
          <Select
            label="Repository Type"
            allowDeselect={false}
            data={[
              { value: 'default', label: 'Helm Repository' },
              { value: 'oci', label: 'OCI Repository' },
            ]}
            {...form.getInputProps('type')}
          />
          <Textarea
            label="Repository URL"
            description={
              values.type === 'oci'
                ? 'For example oci://ghcr.io/my-org/charts'
                : 'For example https://charts.example.com, where index.yaml is'
            }
            required
            autosize
            {...form.getInputProps('url')}
          />
          <Select
            label="Credentials"
            allowDeselect={false}
            data={[
              { value: 'none', label: 'None' },
              { value: 'basic', label: 'User and password' },
              { value: 'secret', label: 'Existing secret' },
            ]}
            {...form.getInputProps('credentials')}
          />
          {values.credentials === 'basic' && (
            <>
              <TextInput label="User" required autoComplete="off" {...form.getInputProps('username')} />
              <PasswordInput label="Password" required autoComplete="new-password" {...form.getInputProps('password')} />
            </>
          )}
          {values.credentials === 'secret' && (
            <TextInput label="Secret" required {...form.getInputProps('secretName')} />
          )}
          <Textarea
            label="Certificate authority"
            description="PEM; trusted beside the system's."
            autosize
            maxRows={6}
            {...form.getInputProps('authority')}
          />
          {values.type === 'oci' && (
            <Checkbox label="Plain HTTP" {...form.getInputProps('insecure', { type: 'checkbox' })} />
          )}
          {values.type === 'oci' && values.insecure && (
            <Alert color="orange">Credentials and charts travel unencrypted. Use it on your own machine only.</Alert>
          )}
          {test.data !== undefined && (
            <Alert color="green" title="The registry answers">
              <Text size="sm">{summary(test.data as Record<string, unknown>)}</Text>
            </Alert>
          )}
          {unplaced !== null && Object.keys(fieldErrors(unplaced)).length === 0 && <Problem error={unplaced} />}
          <Group justify="space-between">
            <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
              Test connection
            </Button>
            <Group gap="xs">
              <Button variant="outline" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={create.isPending}>
                Create
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}

/** What a test found, in the server's words. */
function summary(report: Record<string, unknown>): string {
  return typeof report.summary === 'string' ? report.summary : 'The connection works.'
}
