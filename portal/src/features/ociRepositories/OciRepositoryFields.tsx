import { Autocomplete, Select, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core'

import { useSecrets } from '../../api/credentials'
import type { Fields } from '../../lib/useFields'
import { IntervalInput } from '../../ui/IntervalInput'
import { NamespaceField } from '../../ui/NamespaceField'
import { AdvancedFields } from '../../ui/registry/AdvancedFields'
import { CertificateFields } from '../../ui/registry/CertificateFields'
import { CredentialsFields } from '../../ui/registry/CredentialsFields'
import { InsecureField } from '../../ui/registry/InsecureField'
import { advanced, emptyOciRepository, mediaTypes, type OciRepositoryForm } from './form'
import type { OciRepository } from './queries'

type Props = {
  form: Fields<OciRepositoryForm>
  /** Whether the namespace is asked for. */
  askNamespace?: boolean
  /** The repository that is updated. */
  repository?: OciRepository
}

/** The fields of an OCI repository, for adding and updating one. */
export function OciRepositoryFields({ form, askNamespace = false, repository }: Props) {
  const { values } = form
  const secrets = useSecrets(values.namespace)
  const url = form.text('url')
  return (
    <Stack gap="sm">
      {askNamespace && <NamespaceField {...form.choice('namespace')} />}
      <TextInput
        label="Name"
        required
        autoComplete="off"
        spellCheck={false}
        data-autofocus={repository ? undefined : true}
        disabled={repository !== undefined}
        description={repository ? 'The name of an OCI repository cannot be changed: add another one.' : undefined}
        {...form.text('name')}
      />
      <IntervalInput
        label="Interval (MM:SS)"
        description="How often the registry is asked whether the version has moved."
        {...form.text('interval')}
      />
      <Textarea
        label="Repository URL"
        description="One chart, without its tag, for example oci://ghcr.io/my-org/charts/web"
        required
        autosize
        spellCheck={false}
        data-autofocus={repository ? true : undefined}
        {...url}
        onChange={(event) => form.set('url', event.currentTarget.value.replaceAll('\n', ''))}
      />
      {repository && values.url.trim() !== form.base.url && Boolean(repository.releases) && (
        <Text size="sm" role="status">
          What uses it takes its chart from the new URL after the next check.
        </Text>
      )}
      <VersionFields form={form} />
      <LayerFields form={form} />
      <CredentialsFields
        value={values.credentials}
        inputs={form}
        secrets={secrets}
        url={values.url}
        cloud
        stored={repository?.credentials}
      />
      <AdvancedFields set={setNames(values)} wrong={Object.keys(form.errors).some(isAdvanced)}>
        <CertificateFields
          value={values.certificate}
          inputs={form}
          secrets={secrets}
          stored={repository?.certificateSecretName ?? undefined}
        />
        <InsecureField
          checked={values.insecure}
          onChange={(checked) => form.set('insecure', checked)}
          error={form.errors.insecure}
        />
        <TextInput
          label="Service account"
          description="Its pull secrets are used too."
          autoComplete="off"
          spellCheck={false}
          {...form.text('serviceAccountName')}
        />
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
        <Switch label="Suspended" description="Nothing is checked until it is resumed." {...form.flag('suspended')} />
      </AdvancedFields>
    </Stack>
  )
}

/** Which version is followed: a tag, the newest of a range, or one digest for ever. */
function VersionFields({ form }: { form: Fields<OciRepositoryForm> }) {
  const { kind } = form.values.reference
  return (
    <>
      <Select
        label="Version by"
        allowDeselect={false}
        data={[
          { value: 'tag', label: 'Tag' },
          { value: 'semver', label: 'Range of versions' },
          { value: 'digest', label: 'Digest' },
        ]}
        {...form.choice('reference.kind')}
      />
      {kind === 'tag' && (
        <TextInput
          label="Tag"
          description="Without one it is latest."
          placeholder="18.9.0"
          autoComplete="off"
          spellCheck={false}
          {...form.text('reference.tag')}
        />
      )}
      {kind === 'semver' && (
        <>
          <TextInput
            label="Range"
            description="The newest tag in it is taken, for example >=1.0.0 <2"
            required
            autoComplete="off"
            spellCheck={false}
            {...form.text('reference.semver')}
          />
          <TextInput
            label="Only tags that match"
            description="A regular expression, for example ^v?[0-9.]+$"
            autoComplete="off"
            spellCheck={false}
            {...form.text('reference.semverFilter')}
          />
        </>
      )}
      {kind === 'digest' && (
        <TextInput
          label="Digest"
          description="This one version for ever, whatever its tags say."
          placeholder="sha256:…"
          required
          autoComplete="off"
          spellCheck={false}
          {...form.text('reference.digest')}
        />
      )}
    </>
  )
}

function LayerFields({ form }: { form: Fields<OciRepositoryForm> }) {
  return (
    <>
      <Autocomplete
        label="Media Type"
        description="The layer that is taken; empty: the first one. Another one than those listed can be typed."
        data={mediaTypes}
        spellCheck={false}
        {...form.text('layer.mediaType')}
      />
      <Select
        label="Operation"
        description="A chart is copied as it is; extract unpacks the layer first."
        allowDeselect={false}
        data={[
          { value: 'copy', label: 'copy' },
          { value: 'extract', label: 'extract' },
          { value: '', label: 'Not given (extract)' },
        ]}
        {...form.choice('layer.operation')}
      />
    </>
  )
}

function isAdvanced(path: string): boolean {
  return advanced.some((field) => path === field || path.startsWith(`${field}.`))
}

/** What is set among the folded fields, so that nothing works in secret. */
function setNames(form: OciRepositoryForm): string[] {
  return [
    form.certificate.kind !== 'system' && 'certificates',
    form.insecure && 'plain HTTP',
    form.serviceAccountName !== emptyOciRepository.serviceAccountName && 'service account',
    form.timeout !== emptyOciRepository.timeout && 'timeout',
    form.labels !== emptyOciRepository.labels && 'labels',
    form.suspended && 'suspended',
  ].filter((name): name is string => typeof name === 'string')
}
