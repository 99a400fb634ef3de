import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'

import { placedPaths } from '../../lib/shownFields'
import { FormPane } from '../../ui/FormPane'
import { RegistryForm } from '../../ui/registry/RegistryForm'
import { emptyRepository, problems, toRequest } from './form'
import { fromManifest, toManifest } from './manifest'
import { createRepository, testConnection } from './queries'
import { RepositoryFields } from './RepositoryFields'

type Props = {
  opened: boolean
  onClose: () => void
  /** The chosen namespace; asked for where all are shown. */
  namespace: string | undefined
}

/** Adds a Helm repository, in a pane from the right. */
export function AddRepository({ opened, onClose, namespace }: Props) {
  return (
    <FormPane opened={opened} onClose={onClose} title="Add Helm Repository">
      <AddForm namespace={namespace} onClose={onClose} />
    </FormPane>
  )
}

function AddForm({ namespace, onClose }: { namespace: string | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const typeChosen = useRef(false)
  return (
    <RegistryForm
      initial={{ ...emptyRepository, namespace: namespace ?? 'default' }}
      check={problems}
      shown={placedPaths}
      fields={(form) => <RepositoryFields form={form} typeChosen={typeChosen} askNamespace={namespace === undefined} />}
      toManifest={toManifest}
      fromManifest={fromManifest}
      test={(form) => testConnection(form.namespace, toRequest(form))}
      save={async (form) => {
        const { name } = await createRepository(form.namespace, toRequest(form))
        await queries.invalidateQueries({ queryKey: ['repositories'] })
        notifications.show({ message: `${name} is added and being synced` })
      }}
      action="Create"
      right={['create', 'repositories']}
      onClose={onClose}
    />
  )
}
