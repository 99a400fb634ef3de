import { Avatar } from '@mantine/core'

const COLOURS = ['#155e75', '#4c3d99', '#8a3a1f', '#2b6a3f', '#7a2e5d', '#5a5212', '#25508f', '#8f2d2d']

/** Stands for a chart's icon, which lies on another host and is not loaded: the first letter of its name. */
export function ChartTile({ name, size = 40 }: { name: string; size?: number }) {
  const last = name.split('/').at(-1) ?? name
  const letter = /[\p{L}\p{N}]/u.exec(last)?.[0].toUpperCase() ?? '·'
  const place = [...name].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 997, 7)
  return (
    <Avatar size={size} radius="sm" aria-hidden styles={{ placeholder: { background: COLOURS[place % COLOURS.length], color: 'white' } }}>
      {letter}
    </Avatar>
  )
}
