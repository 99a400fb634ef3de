import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  resolve: {
    // Markdown is read in a worker, which has no document: the browser's build of this package needs one.
    alias: {
      'decode-named-character-reference': fileURLToPath(
        new URL('node_modules/decode-named-character-reference/index.js', import.meta.url),
      ),
    },
  },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700 },
  server: {
    // `npm run dev` beside a running `pilothouse up`.
    // The schema of a HelmRelease is read from the repository's CRD.
    fs: { allow: ['..'] },
    proxy: { '/api': { target: process.env.PILOTHOUSE_SERVER ?? 'http://127.0.0.1:9480', changeOrigin: true } },
  },
})
