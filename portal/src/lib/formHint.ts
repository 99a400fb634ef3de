/** Where a form has what the server's hints call by the object's fields. */
const FORM_WORDS: [hint: RegExp, words: string][] = [
  [/set `insecure: true`/g, 'switch on “Plain HTTP” under Advanced'],
  [/as `ca\.crt` in a Secret and name it in `certSecretRef`/g, 'under Advanced, Certificates'],
  [/add credentials: a Secret named in `secretRef`/g, 'choose credentials in this form'],
  [/ in the Secret named in `secretRef`/g, ''],
  [/`timeout`/g, 'the timeout under Advanced'],
  [/list the charts explicitly/g, 'list the charts under Advanced, Charts'],
]

/** A hint of the server in the words of the form beside it. */
export function formHint(hint: string): string {
  return FORM_WORDS.reduce((text, [from, to]) => text.replace(from, to), hint)
}
