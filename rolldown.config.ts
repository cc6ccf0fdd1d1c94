import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type CodeSplittingGroup, type Plugin, type PluginContext } from 'rolldown';

/** A bundle must contain the licences of the packages in it. */
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

/** Every module that these files load; their paths are relative to the root of the tree. */
function loadedWith(files: readonly string[], findModule: PluginContext['getModuleInfo']): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const imported of findModule(id)?.importedIds ?? []) visit(imported);
  };
  for (const file of files) visit(join(import.meta.dirname, file));
  return found;
}

/** One chunk with everything that these files load. */
function chunkOf(name: string, files: readonly string[]): CodeSplittingGroup {
  let members: ReadonlySet<string> | undefined;
  return {
    debugName: name,
    name: (id, context) => {
      members ??= loadedWith(files, (module) => context.getModuleInfo(module));
      return members.has(id) ? name : null;
    },
  };
}

/**
 * The published package, which is also in the image, is one bundle for the commands, because finding and reading hundreds
 * of small files is most of the time that a command takes to start. The server's own dependencies stay separate.
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
    // One chunk for what every command needs, and one for what `check` needs besides. Left to itself, the bundler makes a
    // chunk for each set of modules that the same commands share, and a check of one file takes a good tenth longer.
    codeSplitting: {
      groups: [chunkOf('start', ['src/command-line.ts']), chunkOf('check', ['src/cli/check/check-command.ts'])],
    },
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Names and lines stay as in the source, so that stack traces are readable; a minified bundle is no faster.
    minify: false,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});
