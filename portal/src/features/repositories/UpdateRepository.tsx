import { Skeleton, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'

import { Changed, saveUnlessChanged } from '../../api/concurrency'
import { isNotFound } from '../../api/problem'
import { same } from '../../lib/manifest'
import { paths } from '../../lib/paths'
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
import { formOf, problems, toRequest, toUpdate, type RepositoryForm } from './form'
import { fromManifest, known, toManifest } from './manifest'
import { readRepository, readYaml, renameRepository, repository as live, testConnection, updateRepository, type Repository } from './queries'
import { RepositoryFields } from './RepositoryFields'

type Props = { opened: boolean; onClose: () => void; namespace: string; name: string }

/** Changes a Helm repository, in a pane from the right. */
export function UpdateRepository({ opened, onClose, namespace, name }: Props) {
  return (
    <FormPane opened={opened} onClose={onClose} title={`Update ${name}`}>
      <Loaded namespace={namespace} name={name} onClose={onClose} />
    </FormPane>
  )
}

type Stored = { repository: Repository; kept: Record<string, unknown> }

function Loaded({ namespace, name, onClose }: Omit<Props, 'opened'>) {
  const { stored, error, retry } = useStored<Stored>(async () => {
    const [repository, text] = await Promise.all([readRepository(namespace, name), readYaml(namespace, name)])
    return { repository, kept: keptFields(parseYaml(text).value, known) }
  })
  if (error) return <Problem error={error} retry={retry} />
  if (!stored) return <Skeleton height={420} />
  return <UpdateForm stored={stored} onClose={onClose} />
}

function UpdateForm({ stored: { repository, kept }, onClose }: { stored: Stored; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { namespace, name } = repository
  const seen = useRef(repository)
  const [shown, setShown] = useState(repository)
  const [both, setBoth] = useState<string[]>([])
  const typeChosen = useRef(false)
  const [renaming, setRenaming] = useState(false)
  // Renamed from here, the old name is gone too.
  const gone = isNotFound(useQuery(live(namespace, name)).error) && !renaming

  const save = async (form: RepositoryForm, before: RepositoryForm) => {
    const update = toUpdate(before, form)
    if (Object.keys(update).length > 0) {
      seen.current = await saveUnlessChanged({
        seen: seen.current,
        write: (resourceVersion) => updateRepository(namespace, name, { ...update, resourceVersion }),
        read: () => readRepository(namespace, name),
        equal: (one, other) => same(formOf(one), formOf(other)),
      })
    }
    const newName = form.name.trim()
    if (newName !== name) {
      setRenaming(true)
      await renameRepository(namespace, name, newName).catch((error: unknown) => {
        setRenaming(false)
        throw error
      })
    }
    await queries.invalidateQueries({ queryKey: ['repositories'] })
    await queries.invalidateQueries({ queryKey: ['releases'] })
    notifications.show({ message: newName === name ? `${name} is saved` : `${name} is now ${newName}` })
  }

  const explain = (error: unknown, form: Fields<RepositoryForm>, done: () => void) => {
    if (!(error instanceof Changed)) return undefined
    const now = error.now as Repository
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
          <RepositoryFields form={form} typeChosen={typeChosen} repository={shown} />
        </Stack>
      )}
      toManifest={(form) => toManifest(form, { kept })}
      fromManifest={(value, before) => fromManifest(value, before, { stored: formOf(shown), kept })}
      test={(form) => testConnection(namespace, toRequest(form))}
      save={save}
      explain={explain}
      action="Save"
      right={['patch', 'repositories']}
      onClose={onClose}
      onSaved={(form) => {
        if (form.name.trim() === name) return onClose()
        void navigate({ to: paths.repository, params: { namespace, name: form.name.trim() }, replace: true })
      }}
    />
  )
}
