import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { snapshotOf } from '../files/snapshot-usage.ts';
import { type ClusterSource, clusterSourceOptions, openClusterSource } from './cluster-source.ts';
import type { CliContext } from './program.ts';

type Flags = ClusterSource & { readonly output?: string };

/** `gpugate snapshot`: the facts that decisions rest on, as one file. */
export function defineSnapshot(command: Command, context: CliContext): void {
  command.option('-o, --output <file>', 'where to (JSON for *.json, else YAML); absent: standard output');
  clusterSourceOptions(command).action(async (flags: Flags) => {
    const cluster = await openClusterSource(flags, context);
    const snapshot = snapshotOf(cluster.usage(), cluster.quotas());
    await cluster.close();
    const isJson = flags.output?.endsWith('.json') === true;
    const text = isJson ? `${JSON.stringify(snapshot)}\n` : stringify(snapshot, { aliasDuplicateObjects: false });
    if (flags.output === undefined) context.write(text);
    else writeFileSync(flags.output, text);
  });
}
