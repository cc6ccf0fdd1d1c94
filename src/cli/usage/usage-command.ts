import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { ClusterUsage } from '../../files/snapshot-usage.ts';
import { type ClusterSource, clusterSourceOptions, openClusterSource } from '../input/cluster-source.ts';
import type { CliContext } from '../context.ts';
import { textTable } from '../report/text-table.ts';
import { usageReport, usageViews, type UsageReport, type UsageViewName } from './usage-report.ts';

type Flags = ClusterSource & {
  readonly by?: readonly UsageViewName[];
  readonly output: 'table' | 'json' | 'yaml';
  readonly watch?: boolean;
};

/** Nobody can read a screen that changes faster. */
const redrawMs = 1000;

/** `gpugate usage`: who uses how many GPUs, and how many there are. */
export function defineUsage(command: Command, context: CliContext): void {
  command
    .addOption(new Option('--by <views...>', 'show only these tables').choices([...usageViews]))
    .addOption(
      new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
    )
    .option('-w, --watch', 'keep running, and print again whenever something changes');
  clusterSourceOptions(command).action(async (flags: Flags) => {
    const cluster = await openClusterSource(flags, context);
    const print = () => context.write(render(cluster.usage(), flags));
    print();
    if (flags.watch !== true || cluster.onChange === undefined) return cluster.close();
    let timer: NodeJS.Timeout | undefined;
    cluster.onChange(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        context.write(flags.output === 'table' ? '\n' : '');
        print();
      }, redrawMs);
    });
    await context.interrupted();
    clearTimeout(timer);
    return cluster.close();
  });
}

function render(cluster: ClusterUsage, { by = usageViews, output }: Flags): string {
  const report = usageReport(cluster, by);
  if (output === 'json') return `${JSON.stringify(report)}\n`;
  if (output === 'yaml') return `---\n${stringify(report)}`;
  return renderTables(report);
}

function renderTables(report: UsageReport): string {
  return Object.entries(report)
    .map(([view, rows]) => {
      const isLimited = view === 'group' || view === 'node' || view === 'product';
      const head = [view.toUpperCase(), 'RESOURCE', 'USED', ...(isLimited ? ['FREE', 'HARD'] : [])];
      const cells = rows.map(({ name, resource, used, free = '', hard = '' }) =>
        isLimited ? [name, resource, used, free, hard] : [name, resource, used],
      );
      return cells.length === 0 ? `${view.toUpperCase()}: no GPUs in use\n` : textTable(head, cells);
    })
    .join('\n');
}
