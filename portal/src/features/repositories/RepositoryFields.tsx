import { Alert, Select, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core'
import type { RefObject } from 'react'

import { useSecrets } from '../../api/credentials'
import type { Schemas } from '../../api/client'
import type { Fields } from '../../lib/useFields'
import { IntervalInput } from '../../ui/IntervalInput'
import { NamespaceField } from '../../ui/NamespaceField'
import { AdvancedFields } from '../../ui/registry/AdvancedFields'
import { CertificateFields } from '../../ui/registry/CertificateFields'
import { CredentialsFields } from '../../ui/registry/CredentialsFields'
import { InsecureField } from '../../ui/registry/InsecureField'
import { advanced, emptyRepository, typeOf, type RepositoryForm } from './form'
import { RenameNote } from './RenameNote'

type Props = {
  form: Fields<RepositoryForm>
  /** Whether the person chose the type; it follows the URL until then. */
  typeChosen: RefObject<boolean>
  /** Whether the namespace is asked for. */
  askNamespace?: boolean
  /** The repository that is updated. */
  repository?: Schemas['Repository']
}

/** The fields of a Helm repository, for adding and updating one. */
export function RepositoryFields({ form, typeChosen, askNamespace = false, repository }: Props) {
  const { values, base } = form
  const secrets = useSecrets(values.namespace)
  const oci = values.type === 'oci'
  const url = form.text('url')
  const changeUrl = (text: string) => {
    form.set('url', text)
    const type = typeOf(text)
    if (type && !typeChosen.current) form.set('type', type)
  }
  return (
    <Stack gap="sm">
      {askNamespace && <NamespaceField {...form.choice('namespace')} />}
      <TextInput label="Name" required autoComplete="off" spellCheck={false} data-autofocus {...form.text('name')} />
      {repository && values.name.trim() !== base.name && <RenameNote repository={repository} newName={values.name.trim()} />}
      <IntervalInput
        label="Interval (MM:SS)"
        description="How often the repository is compared with its registry."
        {...form.text('interval')}
      />
      <Select
        label="Repository Type"
        allowDeselect={false}
        data={[
          { value: 'default', label: 'Helm Repository' },
          { value: 'oci', label: 'OCI Repository' },
        ]}
        {...form.choice('type')}
        onChange={(type) => {
          typeChosen.current = true
          form.set('type', type ?? 'default')
        }}
      />
      <Textarea
        label="Repository URL"
        description={
          oci ? 'For example oci://ghcr.io/my-org/charts' : 'Where index.yaml is, for example https://charts.example.com'
        }
        required
        autosize
        spellCheck={false}
        {...url}
        onChange={(event) => changeUrl(event.currentTarget.value.replaceAll('\n', ''))}
      />
      {repository && <MoveNote form={form} repository={repository} />}
      <CredentialsFields
        value={values.credentials}
        inputs={form}
        secrets={secrets}
        url={values.url}
        cloud={oci}
        stored={repository?.credentials}
      />
      <AdvancedFields set={setNames(values)} wrong={Object.keys(form.errors).some(isAdvanced)}>
        <CertificateFields
          value={values.certificate}
          inputs={form}
          secrets={secrets}
          stored={repository?.certificateSecretName ?? undefined}
        />
        {oci && (
          <>
            <InsecureField
              checked={values.insecure}
              onChange={(checked) => form.set('insecure', checked)}
              error={form.errors.insecure}
            />
            <Textarea
              label="Charts"
              description="Only for a registry that does not let Pilothouse list its contents: one chart a line, by its path below the URL. Where charts are listed here, the registry is not asked for others."
              placeholder={'web\nteam/worker'}
              autosize
              minRows={2}
              maxRows={8}
              spellCheck={false}
              {...form.text('charts')}
            />
          </>
        )}
        {(!oci || values.passCredentials) && (
          <Switch
            label="Send credentials to other hosts"
            description="Only where the index names archives on another host that wants the same credentials. Whoever controls the index can then learn them."
            {...form.flag('passCredentials')}
          />
        )}
        <TextInput
          label="Timeout"
          description="For one request to the registry. Default 60s."
          placeholder="60s"
          autoComplete="off"
          {...form.text('timeout')}
        />
        <Textarea
          label="Labels"
          description="One a line, as key=value."
          placeholder="team=web"
          autosize
          maxRows={6}
          spellCheck={false}
          {...form.text('labels')}
        />
        <Switch label="Suspended" description="Nothing is synced until it is resumed." {...form.flag('suspended')} />
      </AdvancedFields>
    </Stack>
  )
}

/** Says what a new address means for those who use the repository. */
function MoveNote({ form: { values, base }, repository }: { form: Fields<RepositoryForm>; repository: Schemas['Repository'] }) {
  if (values.type !== base.type) {
    const name = (type: string) => (type === 'oci' ? 'OCI Repository' : 'Helm Repository')
    return (
      <Alert color="orange" title="The type changes">
        <Text size="sm">
          From {name(base.type)} to {name(values.type)}: the charts are listed anew from another kind of server. Releases
          keep the names of their charts; where the new server has none of that name, they stop reconciling. Credentials
          and certificates stay as they are below.
        </Text>
      </Alert>
    )
  }
  if (values.url.trim() === base.url || !repository.releases) return null
  return (
    <Text size="sm" role="status">
      {repository.releases === 1 ? 'The release that uses it takes its chart' : `The ${repository.releases} releases that use it take their charts`}{' '}
      from the new URL after the next sync.
    </Text>
  )
}

function isAdvanced(path: string): boolean {
  return advanced.some((field) => path === field || path.startsWith(`${field}.`))
}

/** What is set among the folded fields, so that nothing works in secret. */
function setNames(form: RepositoryForm): string[] {
  return [
    form.certificate.kind !== 'system' && 'certificates',
    form.insecure && 'plain HTTP',
    form.charts !== emptyRepository.charts && 'charts',
    form.passCredentials && 'credentials to other hosts',
    form.timeout !== emptyRepository.timeout && 'timeout',
    form.labels !== emptyRepository.labels && 'labels',
    form.suspended && 'suspended',
  ].filter((name): name is string => typeof name === 'string')
}
