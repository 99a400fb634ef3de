import { Alert, List, Text } from '@mantine/core'

import { counted } from '../../lib/registryWords'
import type { Repository } from './queries'

/** Says what follows a repository's new name, and what does not. */
export function RenameNote({ repository, newName }: { repository: Repository; newName: string }) {
  const { name, releases } = repository
  return (
    <Alert color="blue" role="note" title={newName ? `${name} becomes ${newName}` : 'A new name'}>
      <List size="sm" spacing={4}>
        <List.Item>{following(releases)} Nothing is deployed again.</List.Item>
        <List.Item>Settings, labels and stored credentials go with it; events and the last syncs do not.</List.Item>
        <List.Item>
          Manifests in Git, Terraform and links that say {name} have to be changed by hand, or they add it again.
        </List.Item>
      </List>
      <Text size="sm" mt={6}>
        A rename that is interrupted is finished when Pilothouse starts again.
      </Text>
    </Alert>
  )
}

function following(releases: number | null | undefined): string {
  if (releases === 0) return 'No release uses it.'
  if (releases === 1) return 'The release that uses it is pointed to the new name.'
  const which = releases ? counted(releases, 'release') : 'releases'
  return `The ${which} that use it are pointed to the new name.`
}
