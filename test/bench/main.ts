import { benchCli } from './cli.ts';
import { benchCreate } from './create.ts';
import { benchPath } from './path.ts';
import { benchQuota, quotaParts } from './quota.ts';
import { printReport, type Figures } from './report.ts';
import { benchRollout } from './rollout.ts';
import { benchView } from './view.ts';

/** `npm run bench -- NAME [PART ...]`: progress on stderr, the report on stdout. Without parts, all of them run. */
type Bench = {
  readonly parts?: readonly string[];
  run(progress: (line: string) => void, parts: readonly string[]): Promise<Figures>;
};

const benches: Readonly<Record<string, Bench>> = {
  path: { run: benchPath },
  create: { run: benchCreate },
  view: { run: benchView },
  quota: { run: benchQuota, parts: quotaParts },
  rollout: { run: benchRollout },
  cli: { run: benchCli },
};

function usage(): string {
  const names = Object.entries(benches).map(([name, { parts }]) =>
    parts === undefined ? `  ${name}` : `  ${name} [${parts.join('] [')}]`,
  );
  return `usage: npm run bench -- NAME, one of:\n${names.join('\n')}\n`;
}

const [, , name = '', ...asked] = process.argv;
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
const parts = bench?.parts ?? [];
if (bench === undefined || asked.some((part) => !parts.includes(part))) {
  process.stderr.write(usage());
  process.exitCode = 2;
} else {
  const figures = await bench.run((line) => process.stderr.write(`${line}\n`), asked.length === 0 ? parts : asked);
  printReport(name, figures, (text) => process.stdout.write(text));
}
