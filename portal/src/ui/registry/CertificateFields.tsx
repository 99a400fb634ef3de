import { Button, FileButton, Group, Select, Stack, Textarea } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useRef, useState } from 'react'

import type { SecretsChoice } from '../../api/credentials'
import type { CertificateForm } from '../../lib/connection'
import type { Inputs } from '../../lib/useFields'
import { SecretField } from './SecretField'

type Props = {
  value: CertificateForm
  inputs: Inputs
  secrets: SecretsChoice
  /** Name of the Secret that is used already. */
  stored?: string
}

/** Which certificate authorities are trusted, and the client certificate that is shown to the registry. */
export function CertificateFields({ value, inputs, secrets, stored }: Props) {
  const usable = secrets.list.filter(({ certificates }) => certificates)
  return (
    <Stack gap="sm">
      <Select
        label="Certificates"
        description="Needed where the registry’s certificate is signed by your own authority, or where it asks for a client certificate."
        allowDeselect={false}
        data={[
          ...(stored ? [{ value: 'keep', label: `Stored in the Secret ${stored}` }] : []),
          { value: 'system', label: 'The system’s certificate authorities only' },
          { value: 'paste', label: 'Custom CA or client certificate' },
          { value: 'secret', label: 'From a Secret of the namespace' },
        ]}
        {...inputs.choice('certificate.kind')}
      />
      {value.kind === 'secret' && (
        <SecretField
          label="Secret with certificates"
          secrets={secrets}
          options={usable.map(({ name }) => ({ value: name, label: name }))}
          empty="No Secret of this namespace holds certificates."
          {...inputs.choice('certificate.secretName')}
        />
      )}
      {value.kind === 'paste' && (
        <>
          <PemField
            label="Certificate authority (CA)"
            description="Trusted in addition to the system’s."
            {...inputs.text('certificate.authority')}
          />
          <PemField label="Client certificate" {...inputs.text('certificate.clientCertificate')} />
          <PemField label="Key of the client certificate" {...inputs.text('certificate.clientKey')} />
        </>
      )}
    </Stack>
  )
}

/** A bundle of all public authorities is smaller than this. */
const LARGEST_FILE = 512 * 1024

type PemProps = {
  label: string
  description?: string
  value: string
  onChange: (text: string) => void
  onBlur: () => void
  error?: string
}

/** PEM text: pasted, or read from a file. */
function PemField({ label, description, value, onChange, onBlur, error }: PemProps) {
  const [unread, setUnread] = useState<string>()
  const reset = useRef<() => void>(null)
  const read = async (file: File | null) => {
    reset.current?.()
    if (!file) return
    const text = file.size <= LARGEST_FILE ? await file.text() : undefined
    if (text?.includes('-----BEGIN ')) {
      setUnread(undefined)
      onChange(text)
    } else {
      const wrong = text === undefined ? `larger than ${LARGEST_FILE / 1024} KiB` : 'no PEM text'
      setUnread(`The file ${file.name} is ${wrong}`)
    }
  }
  return (
    <Stack gap={4}>
      <Textarea
        label={label}
        description={description}
        placeholder="-----BEGIN …"
        autosize
        minRows={2}
        maxRows={6}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 'var(--mantine-font-size-xs)' } }}
        value={value}
        onChange={(event) => {
          setUnread(undefined)
          onChange(event.currentTarget.value)
        }}
        onBlur={onBlur}
        error={error ?? unread}
      />
      <Group>
        <FileButton onChange={(file) => void read(file)} accept=".pem,.crt,.cer,.key,.txt" resetRef={reset}>
          {(button) => (
            <Button
              {...button}
              size="compact-xs"
              variant="default"
              leftSection={<IconUpload size={12} aria-hidden />}
              aria-label={`Choose a file for: ${label}`}
            >
              Choose a file
            </Button>
          )}
        </FileButton>
      </Group>
    </Stack>
  )
}
