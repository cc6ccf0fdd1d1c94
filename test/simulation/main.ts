import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    admissions: { type: 'string', default: '5000' },
    'first-seed': { type: 'string', default: '1' },
  },
});
const first = Number(values['first-seed']);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const { violation, stats } = await simulate(seed, Number(values.admissions));
  if (violation !== undefined) process.exitCode = 1;
  process.stdout.write(`${JSON.stringify({ seed, violation, ...stats })}\n`);
}
