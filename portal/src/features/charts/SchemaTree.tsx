import { Badge, Stack, Text, UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useMemo, useState } from 'react'

import { propertiesOf, type Property } from '../../lib/schemaTree'
import { visible } from '../../lib/visible'
import { Nothing } from './Nothing'
import classes from './SchemaTree.module.css'

type Root = Record<string, unknown>

/** A values schema as a tree of properties: type, default, rules and what each is for. */
export function SchemaTree({ schema }: { schema: unknown }) {
  const root = schema as Root
  const properties = useMemo(() => propertiesOf(root, root), [root])
  if (properties.length === 0) return <Nothing>The schema names no properties.</Nothing>
  const title = [root.title, root.description].filter((text) => typeof text === 'string')
  return (
    <Stack gap="xs">
      {title.map((text) => (
        <Text key={text} size="sm" c="dimmed">
          {visible(text)}
        </Text>
      ))}
      <Properties properties={properties} root={root} label="Properties" />
    </Stack>
  )
}

function Properties({ properties, root, label }: { properties: Property[]; root: Root; label: string }) {
  return (
    <ul className={classes.list} aria-label={label}>
      {properties.map((one, place) => (
        <Row key={`${place} ${one.name}`} property={one} root={root} />
      ))}
    </ul>
  )
}

function Row({ property: one, root }: { property: Property; root: Root }) {
  const below = useMemo(() => propertiesOf(one.schema, root), [one, root])
  const [open, setOpen] = useState(false)
  const name = <span className={classes.name}>{visible(one.name)}</span>
  return (
    <li className={classes.item}>
      <div className={classes.head}>
        {below.length > 0 ? (
          <UnstyledButton className={classes.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
            <IconChevronRight size={16} className={classes.arrow} aria-hidden />
            {name}
          </UnstyledButton>
        ) : (
          <span className={classes.leaf}>{name}</span>
        )}
        <Text span size="sm" c="dimmed">
          {visible(one.type)}
        </Text>
        {one.required && (
          <Badge size="xs" color="harbour.8">
            required
          </Badge>
        )}
        {one.deprecated && (
          <Badge size="xs" color="orange.9">
            deprecated
          </Badge>
        )}
        {one.default !== undefined && (
          <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
            default <code>{visible(one.default)}</code>
          </Text>
        )}
        {one.rules.length > 0 && (
          <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
            {visible(one.rules.join('; '))}
          </Text>
        )}
      </div>
      {(one.title || one.description) && (
        <Text size="sm" c="dimmed" className={classes.words}>
          {visible([one.title, one.description].filter(Boolean).join(': '))}
        </Text>
      )}
      {open && <Properties properties={below} root={root} label={`Properties of ${one.name}`} />}
    </li>
  )
}
