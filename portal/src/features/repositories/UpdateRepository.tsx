import { Alert, Button, Skeleton, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

import { Changed, changedBy, saveUnlessChanged } from '../../api/concurrency'
import { isMapping, same, unknownFields } from '../../lib/manifest'
import { paths } from '../../lib/paths'
import { placedPaths } from '../../lib/shownFields'
import type { Fields } from '../../lib/useFields'
import { parseYaml } from '../../lib/yaml'
import { FormPane } from '../../ui/FormPane'
import { Problem } from '../../ui/Problem'
import { RegistryForm } from '../../ui/registry/RegistryForm'
import { formOf, problems, toRequest, toUpdate, type RepositoryForm } from './form'
import { fromManifest, known, toManifest } from './manifest'
import {
  readRepository,
  readYaml,
  renameRepository,
  testConnection,
  updateRepository,
  type Repository,
} from './queries'
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

/** Read once when the pane opens: what others change meanwhile must not move under the person's hands. */
function Loaded({ namespace, name, onClose }: Omit<Props, 'opened'>) {
  const [stored, setStored] = useState<Stored>()
  const [error, setError] = useState<unknown>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let current = true
    setError(undefined)
    Promise.all([readRepository(namespace, name), readYaml(namespace, name)]).then(
      ([repository, text]) => current && setStored({ repository, kept: keptFields(text) }),
      (reason: unknown) => current && setError(reason),
    )
    return () => {
      current = false
    }
  }, [namespace, name, attempt])
  if (error) return <Problem error={error} retry={() => setAttempt(attempt + 1)} />
  if (!stored) return <Skeleton height={420} />
  return <UpdateForm stored={stored} onClose={onClose} />
}

function keptFields(text: string): Record<string, unknown> {
  const { value } = parseYaml(text)
  const spec = isMapping(value) ? value.spec : undefined
  const kept = unknownFields(spec, known)
  // The form holds a Secret or a provider; where both are stored the provider stays as it is.
  if (isMapping(spec) && spec.secretRef && spec.provider && spec.provider !== 'generic') kept.provider = spec.provider
  return kept
}

function UpdateForm({ stored: { repository, kept }, onClose }: { stored: Stored; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { namespace, name } = repository
  const [initial] = useState(() => formOf(repository))
  const seen = useRef(repository)
  const [shown, setShown] = useState(repository)
  const [both, setBoth] = useState<string[]>([])
  const typeChosen = useRef(false)
  const username = shown.credentials.hasUsername === true

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
    if (newName !== name) await renameRepository(namespace, name, newName)
    await queries.invalidateQueries({ queryKey: ['repositories'] })
    await queries.invalidateQueries({ queryKey: ['releases'] })
    notifications.show({ message: newName === name ? `${name} is saved` : `${name} is now ${newName}` })
  }

  const explain = (error: unknown, form: Fields<RepositoryForm>, done: () => void) => {
    if (!(error instanceof Changed)) return undefined
    const now = error.now as Repository
    const theirs = formOf(now)
    const names = Object.keys(theirs).filter((key) => !same(at(form.base, key), at(theirs, key)))
    return (
      <Alert color="orange" role="alert" title="Changed in the meantime">
        <Stack gap="xs" align="flex-start">
          <Text size="sm">
            {changedBy(error)} changed {names.join(', ')} of {name} since this form was opened. Nothing of yours is saved
            yet.
          </Text>
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setBoth(form.rebase(theirs).both)
              seen.current = now
              setShown(now)
              done()
            }}
          >
            Load the changes and keep my input
          </Button>
        </Stack>
      </Alert>
    )
  }

  return (
    <RegistryForm
      initial={initial}
      check={(form) => problems(form, { username })}
      shown={placedPaths}
      fields={(form) => (
        <Stack gap="sm">
          {both.length > 0 && (
            <Alert color="orange" title="Both of you changed the same">
              <Text size="sm">
                Your input for {both.join(', ')} is kept and replaces the other when you save. Look at it again.
              </Text>
            </Alert>
          )}
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

function at(form: RepositoryForm, key: string): unknown {
  return (form as Record<string, unknown>)[key]
}
