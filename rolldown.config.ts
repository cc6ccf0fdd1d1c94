import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type CodeSplittingGroup, type Plugin, type PluginContext } from 'rolldown';

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
 * commander loads what runs other programs, for commands that are programs of their own, of which we have none, and makes
 * a module of `process`, for which Node opens every stream. Together 5 ms.
 */
function leanCommander(): Plugin {
  const sources: Readonly<Record<string, string>> = {
    'node:child_process': 'export default {};',
    'node:process': 'export default globalThis.process;',
  };
  const prefix = '\0commander ';
  return {
    name: 'lean-commander',
    resolveId: (id, importer) =>
      id in sources && importer?.includes('/node_modules/commander/') === true ? prefix + id : null,
    load: (id) => (id.startsWith(prefix) ? (sources[id.slice(prefix.length)] ?? null) : null),
  };
}

/** One character beyond ASCII doubles the text in memory, and the time to read it: 3 ms for all that a check loads. */
function asciiOnly(): Plugin {
  const beyond = /[^\0-\x7F]/g;
  return {
    name: 'ascii-only',
    renderChunk: (code) => code.replace(beyond, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  };
}

/** All that is loaded with these files, which are named relative to the root of the tree. */
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

/** One chunk of all that these files load. */
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
 * What is published and put into the image. The packages of the commands are bundled: to find and read hundreds of small
 * files is most of the time that a command takes to start. Those of the server alone stay packages.
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  external: ['@kubernetes/client-node', 'express', 'pino', 'prom-client', 'selfsigned'],
  plugins: [licenses(), leanCommander(), asciiOnly()],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    // By when they are needed, the first that fits: with what every command begins, and what `check` needs besides. Left
    // to itself, the bundler makes one of each set of modules that the same commands share: to read 40 files takes 10 ms.
    codeSplitting: {
      groups: [chunkOf('start', ['src/command-line.ts']), chunkOf('check', ['src/cli/check/check-command.ts'])],
    },
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Names and lines stay as in the source, so that a stack trace can be read; it would be no faster without them.
    minify: false,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});
