/** A word of a shell command; quoted where the shell would read anything into it. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) && !word.startsWith('-') && !word.startsWith('=')
    ? word
    : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** A command of several words. Words that begin with `-` are flags of the author, not of a stranger: pass them in `flags`. */
export function command(program: string, words: string[], flags: [flag: string, value?: string][]): string {
  const written = flags.map(([flag, value]) => (value === undefined ? flag : `${flag} ${shellWord(value)}`))
  return [program, ...words.map(shellWord), ...written].join(' ')
}
