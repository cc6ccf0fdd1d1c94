import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { snapshotOf } from '../../files/snapshot-usage.ts';
import { type ClusterSource, clusterSourceOptions, openClusterSource } from '../input/cluster-source.ts';
import type { CliContext } from '../context.ts';

type Flags = ClusterSource & { readonly output?: string };

/** `gpugate snapshot`: everything that decisions depend on, in one file. */
export function defineSnapshot(command: Command, context: CliContext): void {
  command.option('-o, --output <file>', 'where to write (JSON for *.json, else YAML; default: standard output)');
  clusterSourceOptions(command).action(async (flags: Flags) => {
    const cluster = await openClusterSource(flags, context);
    const snapshot = snapshotOf(cluster.usage(), cluster.quotas());
    await cluster.close();
    const isJson = flags.output?.endsWith('.json') === true;
    const text = isJson ? `${JSON.stringify(snapshot)}\n` : stringify(snapshot, { aliasDuplicateObjects: false });
    if (flags.output === undefined) context.write(text);
    else await writeFile(flags.output, text);
  });
}
