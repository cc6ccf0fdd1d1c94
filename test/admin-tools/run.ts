import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureGoModule } from '../controlplane/go-module.ts';

const name = 'admin-tools';

/** A failing tool is a result. */
export type ToolResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Built once, as the control plane is: with its packages in Go's cache, two minutes of one processor. */
export const ensureAdminTools = async (): Promise<string> => {
  const noGo =
    'Helm and the rule parser of Prometheus are built with Go, and there is no go in PATH. Install Go 1.26 or newer.';
  return join(await ensureGoModule({ name, source: import.meta.dirname, noGo }), name);
};

/** Helm with these arguments, or `rules` and `queries`: see main.go. */
export async function runAdminTool(args: readonly string[], input = ''): Promise<ToolResult> {
  return run(await ensureAdminTools(), args, input);
}

/** The folder of a Go module, whose checksum Go verifies: its files are read, and nothing in it is built. */
export async function goModuleFolder(module: string): Promise<string> {
  const { code, stdout, stderr } = await run('go', ['mod', 'download', '-json', module], '');
  const { Dir: folder, Error: fault = stderr } = JSON.parse(stdout === '' ? '{}' : stdout) as {
    Dir?: string;
    Error?: string;
  };
  if (code !== 0 || folder === undefined) throw new Error(`go mod download ${module}: ${fault}`);
  return folder;
}

async function run(command: string, args: readonly string[], input: string): Promise<ToolResult> {
  // From a folder without a module, so that none has a say in it.
  const child = spawn(command, args, { cwd: '/', env: { ...process.env, GOWORK: 'off' } });
  child.stdin.on('error', () => undefined); // it may end without reading its input
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code: code ?? -1, stdout, stderr };
}
