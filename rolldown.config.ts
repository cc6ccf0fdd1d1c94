import { defineConfig } from 'rolldown';

/**
 * What is published and put into the image. The commands' own packages are bundled: resolving and reading hundreds of
 * small files is most of the time that a command takes to start. Those of the server alone stay packages.
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  external: ['@kubernetes/client-node', 'express', 'pino', 'prom-client', 'selfsigned'],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Names stay as they are in the source, and so a stack trace can be read.
    minify: false,
  },
});
