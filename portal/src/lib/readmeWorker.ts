import { readmeTree } from './readme'

/** Answers each text with its tree, or with nothing where it cannot be formatted. */
addEventListener('message', ({ data }: MessageEvent<string>) => {
  let tree: unknown
  try {
    tree = readmeTree(data)
  } catch {
    tree = undefined
  }
  postMessage(tree)
})
