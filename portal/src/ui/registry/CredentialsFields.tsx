import { PasswordInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'

import type { SecretsChoice } from '../../api/credentials'
import type { Schemas } from '../../api/client'
import { providers, type CredentialsForm } from '../../lib/connection'
import { credentialsWords, registryHost } from '../../lib/registryWords'
import type { Inputs } from '../../lib/useFields'
import { SecretField } from './SecretField'

type Stored = Schemas['CredentialsState']

type Props = {
  value: CredentialsForm
  inputs: Inputs
  secrets: SecretsChoice
  url: string
  /** Whether a cloud provider can give credentials. */
  cloud: boolean
  stored?: Stored
}

/** How a repository logs in. Of stored credentials only their kind and place are shown. */
export function CredentialsFields({ value, inputs, secrets, url, cloud, stored }: Props) {
  return (
    <Stack gap="sm">
      <Select label="Credentials" allowDeselect={false} data={choices(cloud, stored)} {...inputs.choice('credentials.kind')} />
      {value.kind === 'keep' && stored?.missing && (
        <Text size="sm" role="status">
          The Secret {stored.secretName} does not exist. Add it, or choose other credentials here.
        </Text>
      )}
      {value.kind === 'basic' && (
        <>
          <TextInput
            label="User"
            required={!stored?.hasUsername}
            description={stored?.hasUsername ? 'Leave it empty to keep the stored user name.' : undefined}
            autoComplete="off"
            spellCheck={false}
            {...inputs.text('credentials.username')}
          />
          <PasswordInput
            label="Password or access token"
            required
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            {...inputs.text('credentials.password')}
          />
        </>
      )}
      {value.kind === 'bearer' && (
        <PasswordInput
          label="Token"
          required
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
          {...inputs.text('credentials.token')}
        />
      )}
      {value.kind === 'dockerConfig' && (
        <Textarea
          label="Docker config"
          description="The text of a config.json with “auths”, as docker login writes it."
          required
          autosize
          minRows={3}
          maxRows={8}
          spellCheck={false}
          {...inputs.text('credentials.dockerConfig')}
        />
      )}
      {value.kind === 'secret' && (
        <PullSecret name={value.secretName} inputs={inputs} secrets={secrets} url={url} />
      )}
      {value.kind === 'provider' && (
        <Select
          label="Cloud"
          description="The identity that Pilothouse runs with is used; nothing is stored."
          allowDeselect={false}
          data={[...providers]}
          {...inputs.choice('credentials.provider')}
        />
      )}
    </Stack>
  )
}

function choices(cloud: boolean, stored: Stored | undefined) {
  return [
    ...(stored?.set
      ? [{ value: 'keep', label: `Stored: ${credentialsWords(stored.kind)} in the Secret ${stored.secretName}` }]
      : []),
    { value: 'none', label: 'None' },
    { value: 'basic', label: 'User and password' },
    { value: 'secret', label: 'Pull secret of the namespace' },
    { value: 'dockerConfig', label: 'Pull secret, pasted' },
    { value: 'bearer', label: 'Bearer token' },
    { value: 'provider', label: cloud ? 'Cloud provider' : 'Cloud provider (OCI repositories only)', disabled: !cloud },
  ]
}

function PullSecret({ name, inputs, secrets, url }: { name: string; inputs: Inputs; secrets: SecretsChoice; url: string }) {
  const usable = secrets.list.filter(({ kind }) => kind)
  const hosts = usable.find((secret) => secret.name === name)?.hosts ?? []
  const wanted = registryHost(url)
  const foreign = hosts.length > 0 && wanted !== '' && !hosts.some((host) => registryHost(host) === wanted)
  return (
    <>
      <SecretField
        label="Pull secret"
        secrets={secrets}
        options={usable.map((secret) => ({
          value: secret.name,
          label: `${secret.name} · ${credentialsWords(secret.kind)}${secret.hosts?.length ? ` for ${secret.hosts.join(', ')}` : ''}`,
        }))}
        empty="No Secret of this namespace holds credentials."
        {...inputs.choice('credentials.secretName')}
      />
      {foreign && (
        <Text size="sm" role="status">
          This Secret has credentials for {hosts.join(', ')} only, not for {wanted}.
        </Text>
      )}
    </>
  )
}
