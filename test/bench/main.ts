import { benchCli } from './cli.ts';
import { benchCreate } from './create.ts';
import { benchPath } from './path.ts';
import { benchQuota } from './quota.ts';
import { benchRollout } from './rollout.ts';
import { benchView } from './view.ts';
import { printReport, type Figures } from './report.ts';

/** `npm run bench -- NAME`: progress on stderr, the report on stdout. */
const benches: Readonly<Record<string, (progress: (line: string) => void) => Promise<Figures>>> = {
  path: benchPath,
  create: benchCreate,
  view: benchView,
  quota: benchQuota,
  rollout: benchRollout,
  cli: benchCli,
};

const name = process.argv[2] ?? '';
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- NAME, where NAME is one of: ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
} else {
  const figures = await bench((line) => process.stderr.write(`${line}\n`));
  printReport(name, figures, (text) => process.stdout.write(text));
}
