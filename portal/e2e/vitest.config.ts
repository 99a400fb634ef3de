import { defineConfig } from 'vitest/config'

/** The portal in a browser, against the real binary and a real registry. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['e2e/stand.ts'],
    // One server, one browser: the files share them, each with repositories and releases of its own names.
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
