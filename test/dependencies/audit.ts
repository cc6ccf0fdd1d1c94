import { spawnSync } from 'node:child_process';
import { auditResultOf } from './audit-result.ts';

/** `npm run audit`: what is known to be wrong with the dependencies, where the registry says so. */
const { stdout } = spawnSync('npm', ['audit', '--json', ...process.argv.slice(2)], { encoding: 'utf8' });
const { text, isBad } = auditResultOf(stdout);
process.stdout.write(`${text}\n`);
process.exitCode = isBad ? 1 : 0;
