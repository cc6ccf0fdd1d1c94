import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../controlplane/start.ts';
import { createSnapshotObjects, installGpugate, type GpugateOnCluster } from '../support/gpugate-on-cluster.ts';
import { examplePolicies } from '../support/examples.ts';
import { firstTries } from './first-tries.ts';

const usage = `npm run playground -- [--replicas N] [--policies DIR] [--ready-file FILE]

A real Kubernetes control plane with gpugate in front of it, on this machine, until Ctrl-C.
  --replicas N        gpugate processes behind one address (default 1)
  --policies DIR      other policies than manifests/examples/policies
  --ready-file FILE   written when everything is up; holds the path of the kubeconfig
`;

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        replicas: { type: 'string', default: '1' },
        policies: { type: 'string', default: examplePolicies },
        'ready-file': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (!/^[1-9]$/.test(values.replicas)) throw new Error('--replicas must be a number from 1 to 9');
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

const flags = readFlags();
if (flags.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const say = (line: string) => process.stderr.write(`${line}\n`);
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
});

say('starting the control plane (the first time it is built, which takes some minutes) ...');
const controlPlane = await startControlPlane();
let gpugate: GpugateOnCluster | undefined;
try {
  say('creating namespaces and nodes ...');
  await createSnapshotObjects(controlPlane);
  say(`starting gpugate (${flags.replicas}) and registering its webhooks ...`);
  gpugate = await installGpugate(controlPlane, { replicas: Number(flags.replicas), policies: flags.policies });
  process.stdout.write(firstTries(controlPlane.kubeconfig, controlPlane.binaries.kubectl));
  if (flags['ready-file'] !== undefined) await writeFile(flags['ready-file'], `${controlPlane.kubeconfig}\n`);
  await interrupted;
  say('stopping ...');
} finally {
  await gpugate?.uninstall();
  await controlPlane.stop();
}
