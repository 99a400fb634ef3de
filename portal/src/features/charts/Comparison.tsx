import { Stack, Text, Title } from '@mantine/core'
import { useId, type ReactNode } from 'react'

import type { Schemas } from '../../api/client'
import { visible } from '../../lib/visible'
import { ChangeList } from '../../ui/ChangeList'
import { DiffView } from '../../ui/DiffView'
import { PlainTable } from '../../ui/PlainTable'

type Compared = Schemas['VersionComparison']

/** What differs between two versions, file by file; what is equal is named in one line. */
export function Comparison({ of }: { of: Compared }) {
  const texts = [
    { title: 'Chart.yaml', text: of.metadata },
    { title: 'Values', text: of.values },
    { title: 'Values schema', text: of.schema },
  ]
  const lists = [
    { title: 'Templates', items: of.templates },
    { title: 'CRDs', items: of.crds },
  ]
  const equal = [
    ...texts.filter(({ text }) => text.unified === '').map(({ title }) => title),
    ...(of.dependencies.length === 0 ? ['Dependencies'] : []),
    ...lists.filter(({ items }) => items.length === 0).map(({ title }) => title),
    ...(of.readme.unified === '' ? ['README'] : []),
  ]
  return (
    <Stack gap="xl">
      {texts.map(({ title, text }) => text.unified !== '' && <TextSection key={title} title={title} text={text} />)}
      {of.dependencies.length > 0 && (
        <Section title="Dependencies" note={count(of.dependencies.length, 'differs', 'differ')}>
          <Dependencies changes={of.dependencies} />
        </Section>
      )}
      {lists.map(
        ({ title, items }) =>
          items.length > 0 && (
            <Section key={title} title={title} note={count(items.length, 'file differs', 'files differ')}>
              {/* Another comparison starts folded. */}
              <ChangeList key={`${of.from} ${of.to}`} items={items} />
            </Section>
          ),
      )}
      {of.readme.unified !== '' && <TextSection title="README" text={of.readme} />}
      {equal.length > 0 && (
        <Text size="sm" c="dimmed">
          {equal.length === texts.length + lists.length + 2 ? 'Nothing differs: ' : 'Equal in both: '}
          {equal.join(', ')}.
        </Text>
      )}
    </Stack>
  )
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`

function Section({ title, note, children }: { title: string; note: string; children: ReactNode }) {
  const id = useId()
  return (
    <Stack gap="xs" component="section" aria-labelledby={id} miw={0}>
      <Title order={2} size="h4" id={id}>
        {title}{' '}
        <Text span size="sm" c="dimmed" fw={400}>
          {note}
        </Text>
      </Title>
      {children}
    </Stack>
  )
}

function TextSection({ title, text }: { title: string; text: Schemas['TextComparison'] }) {
  return (
    <Section title={title} note={`${count(text.added, 'line', 'lines')} added, ${text.removed} removed`}>
      <DiffView key={text.unified} unified={text.unified} label={`Difference of ${title}`} />
    </Section>
  )
}

function Dependencies({ changes }: { changes: Compared['dependencies'] }) {
  return (
    <PlainTable
      label="Dependencies that differ"
      rows={changes}
      rowKey={(_, place) => place}
      columns={[
        { title: 'Name', render: ({ name }) => visible(name) },
        { title: 'From', render: ({ from }) => (from ? visible(from) : 'not there') },
        { title: 'To', render: ({ to }) => (to ? visible(to) : 'removed') },
      ]}
    />
  )
}
