import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'

import { placedPaths } from '../../lib/shownFields'
import { FormPane } from '../../ui/FormPane'
import { RegistryForm } from '../../ui/registry/RegistryForm'
import { emptyOciRepository, problems, toRequest } from './form'
import { fromManifest, toManifest } from './manifest'
import { OciRepositoryFields } from './OciRepositoryFields'
import { createOciRepository, testConnection } from './queries'

type Props = {
  opened: boolean
  onClose: () => void
  /** The chosen namespace; asked for where all are shown. */
  namespace: string | undefined
}

/** Adds an OCI repository, in a pane from the right. */
export function AddOciRepository({ opened, onClose, namespace }: Props) {
  return (
    <FormPane opened={opened} onClose={onClose} title="Add OCI Repository">
      <AddForm namespace={namespace} onClose={onClose} />
    </FormPane>
  )
}

function AddForm({ namespace, onClose }: { namespace: string | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  return (
    <RegistryForm
      initial={{ ...emptyOciRepository, namespace: namespace ?? 'default' }}
      check={problems}
      shown={placedPaths}
      fields={(form) => <OciRepositoryFields form={form} askNamespace={namespace === undefined} />}
      toManifest={toManifest}
      fromManifest={fromManifest}
      test={(form) => testConnection(form.namespace, toRequest(form))}
      save={async (form) => {
        const { name } = await createOciRepository(form.namespace, toRequest(form))
        await queries.invalidateQueries({ queryKey: ['oci-repositories'] })
        notifications.show({ message: `${name} is added and being checked` })
      }}
      action="Create"
      right={['create', 'oci-repositories']}
      onClose={onClose}
    />
  )
}
