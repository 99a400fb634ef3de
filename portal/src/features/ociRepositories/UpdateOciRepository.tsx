import { Skeleton, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'

import { Changed, saveUnlessChanged } from '../../api/concurrency'
import { isNotFound } from '../../api/problem'
import { same } from '../../lib/manifest'
import { placedPaths } from '../../lib/shownFields'
import { keptFields } from '../../lib/sourceManifest'
import type { Fields } from '../../lib/useFields'
import { useStored } from '../../lib/useStored'
import { parseYaml } from '../../lib/yaml'
import { FormPane } from '../../ui/FormPane'
import { Problem } from '../../ui/Problem'
import { BothChanged, ChangedNote } from '../../ui/registry/ChangedNote'
import { DeletedNote } from '../../ui/registry/Gone'
import { RegistryForm } from '../../ui/registry/RegistryForm'
import { formOf, problems, toRequest, toUpdate, type OciRepositoryForm } from './form'
import { fromManifest, known, toManifest } from './manifest'
import { OciRepositoryFields } from './OciRepositoryFields'
import { ociRepository as live, readOciRepository, readYaml, testConnection, updateOciRepository, type OciRepository } from './queries'

type Props = { opened: boolean; onClose: () => void; namespace: string; name: string }

/** Changes an OCI repository, in a pane from the right. */
export function UpdateOciRepository({ opened, onClose, namespace, name }: Props) {
  return (
    <FormPane opened={opened} onClose={onClose} title={`Update ${name}`}>
      <Loaded namespace={namespace} name={name} onClose={onClose} />
    </FormPane>
  )
}

type Stored = { repository: OciRepository; kept: Record<string, unknown> }

function Loaded({ namespace, name, onClose }: Omit<Props, 'opened'>) {
  const { stored, error, retry } = useStored<Stored>(async () => {
    const [repository, text] = await Promise.all([readOciRepository(namespace, name), readYaml(namespace, name)])
    return { repository, kept: keptFields(parseYaml(text).value, known) }
  })
  if (error) return <Problem error={error} retry={retry} />
  if (!stored) return <Skeleton height={420} />
  return <UpdateForm stored={stored} onClose={onClose} />
}

function UpdateForm({ stored: { repository, kept }, onClose }: { stored: Stored; onClose: () => void }) {
  const queries = useQueryClient()
  const { namespace, name } = repository
  const gone = isNotFound(useQuery(live(namespace, name)).error)
  const seen = useRef(repository)
  const [shown, setShown] = useState(repository)
  const [both, setBoth] = useState<string[]>([])

  const save = async (form: OciRepositoryForm, before: OciRepositoryForm) => {
    const update = toUpdate(before, form)
    if (Object.keys(update).length > 0) {
      seen.current = await saveUnlessChanged({
        seen: seen.current,
        write: (resourceVersion) => updateOciRepository(namespace, name, { ...update, resourceVersion }),
        read: () => readOciRepository(namespace, name),
        equal: (one, other) => same(formOf(one), formOf(other)),
      })
    }
    await queries.invalidateQueries({ queryKey: ['oci-repositories'] })
    notifications.show({ message: `${name} is saved` })
  }

  const explain = (error: unknown, form: Fields<OciRepositoryForm>, done: () => void) => {
    if (!(error instanceof Changed)) return undefined
    const now = error.now as OciRepository
    const load = () => {
      setBoth(form.rebase(formOf(now)).both)
      seen.current = now
      setShown(now)
      done()
    }
    return <ChangedNote error={error} name={name} base={form.base} theirs={formOf(now)} onLoad={load} />
  }

  return (
    <RegistryForm
      initial={formOf(repository)}
      check={(form) => problems(form, { username: shown.credentials.hasUsername === true })}
      shown={placedPaths}
      fields={(form) => (
        <Stack gap="sm">
          {gone && <DeletedNote name={name} />}
          <BothChanged fields={both} />
          <OciRepositoryFields form={form} repository={shown} />
        </Stack>
      )}
      toManifest={(form) => toManifest(form, { kept })}
      fromManifest={(value, before) => fromManifest(value, before, { stored: formOf(shown), kept })}
      test={(form) => testConnection(namespace, toRequest(form))}
      save={save}
      explain={explain}
      action="Save"
      right={['patch', 'oci-repositories']}
      onClose={onClose}
    />
  )
}
