import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';

/** What stands in a bundle must go with its licence. */
function licenses(): Plugin {
  return {
    name: 'licenses',
    generateBundle(_, bundle) {
      const files = Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
      const packages = new Set(files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
      const texts = [...packages].sort().map(licenseOf);
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: texts.join('\n') });
    },
  };
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
  };
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no file with its licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

/**
 * What is published and put into the image. The packages of the commands are bundled: to find and read hundreds of small
 * files is most of the time that a command takes to start. Those of the server alone stay packages.
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  external: ['@kubernetes/client-node', 'express', 'pino', 'prom-client', 'selfsigned'],
  plugins: [licenses()],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Names and lines stay as in the source, so that a stack trace can be read; it would be no faster without them.
    minify: false,
  },
});
