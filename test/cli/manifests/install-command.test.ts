import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { reviewedKinds } from '../../../src/api/workload-policy.ts';
import { issueAuthority } from '../../../src/tls/issue-certificates.ts';
import { objectsOf } from './settings-of-test.ts';
import { programInMemory } from '../../support/program-in-memory.ts';

let directory: string;
let ca: string;
let caText: string;
let policy: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-install-'));
  ca = join(directory, 'ca.crt');
  caText = (await issueAuthority({ now: Date.now(), lifeMs: 60_000 })).cert;
  writeFileSync(ca, caText);
  policy = join(directory, 'policy.yaml');
  writeFileSync(
    policy,
    'apiVersion: gpugate.dev/v1alpha1\nkind: WorkloadPolicy\nmetadata: { name: x }\nspec:\n  names: { format: "{name}", kinds: [Job] }\n',
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What the command prints, in this process. */
async function printed(...args: string[]): Promise<string> {
  let text = '';
  const program = await programInMemory((part) => void (text += part));
  await program.parseAsync(['manifests', 'install', ...args], { from: 'user' });
  return text;
}

const objects = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as unknown);

describe('gpugate manifests install', () => {
  test('prints the default installation', async () => {
    expect(objects(await printed())).toEqual(objectsOf());
  });

  test('takes every setting', async () => {
    const flags = ['--namespace', 'gpus', '--image', 'registry.example/g:2', '--replicas', '3', '--spread', 'required'];
    flags.push(
      '--requests',
      'cpu=1,memory=1Gi',
      '--limits',
      'memory=2Gi',
      '--priority-class',
      'gold',
      '--monitoring',
      '--doctor',
    );
    flags.push('--image-pull-secret', 'a', '--image-pull-secret', 'b.c', '--node-selector', 'pool=infra,x.dev/y=');
    flags.push('--toleration', 'infra=yes:NoSchedule', '--toleration', 'x.dev/a:NoExecute', '--toleration', 'any');
    flags.push('--serve-flag=--log-level=debug', '--serve-flag', '--max-staleness=90s');
    flags.push('--certificates', 'files', '--ca', ca, '--pods-failure-policy', 'Fail', '--policies', policy);
    expect(objects(await printed(...flags))).toEqual(
      objectsOf({
        namespace: 'gpus',
        image: 'registry.example/g:2',
        replicas: 3,
        spread: 'required',
        resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } },
        priorityClassName: 'gold',
        imagePullSecrets: [{ name: 'a' }, { name: 'b.c' }],
        nodeSelector: { pool: 'infra', 'x.dev/y': '' },
        tolerations: [
          { key: 'infra', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
          { key: 'x.dev/a', operator: 'Exists', effect: 'NoExecute' },
          { key: 'any', operator: 'Exists' },
        ],
        serveFlags: ['--log-level=debug', '--max-staleness=90s'],
        monitoring: true,
        doctor: true,
        certificates: 'files',
        caBundle: caText,
        podsFailurePolicy: 'Fail',
        kinds: ['Pod', 'Job'],
      }),
    );
  });

  test('without policies registers for every kind that one could name: none is without effect', async () => {
    expect(objects(await printed())).toEqual(objectsOf({ kinds: reviewedKinds }));
  });

  const wrong: Readonly<Record<string, [string[], string]>> = {
    'a namespace that is no DNS label': [
      ['--namespace', 'A_b'],
      '--namespace A_b: must be at most 63 lowercase letters',
    ],
    'no replicas': [['--replicas', '0'], '--replicas 0: must be from 1 to 20'],
    'replicas that are no number': [['--replicas', 'two'], '--replicas two: must be from 1 to 20'],
    'files without a CA': [['--certificates', 'files'], '--ca and --certificates files go together'],
    'a CA where nobody needs it': [['--ca', 'x'], '--ca and --certificates files go together'],
    'quantities without a value': [['--limits', 'memory'], 'memory: must look like cpu=100m,memory=256Mi'],
    "a namespace of the cluster's own": [
      ['--namespace', 'kube-system'],
      '--namespace kube-system: must be a namespace for gpugate alone',
    ],
    'the namespace of everybody': [
      ['--namespace', 'default'],
      '--namespace default: must be a namespace for gpugate alone',
    ],
    'an empty image': [['--image', ''], '--image : must not be empty'],
    'an empty priority class': [['--priority-class', ''], '--priority-class : must not be empty'],
    'quantities that are none': [['--limits', 'memory=much'], 'memory=much: must be a quantity'],
    'requests above the limits': [
      ['--requests', 'memory=2Gi'],
      '--requests memory=2Gi: must be at most the limit, 1Gi',
    ],
    'an unknown mode': [['--certificates', 'magic'], 'Allowed choices are self-managed, cert-manager, files'],
    'a pull secret of an impossible name': [['--image-pull-secret', 'A'], '--image-pull-secret A: must be the name'],
    'a node label without a value': [['--node-selector', 'a'], '--node-selector a: must look like'],
    'a toleration of an unknown effect': [['--toleration', 'a:Never'], '--toleration a:Never: must look like'],
    'a flag that serve does not know': [
      ['--serve-flag', '--log-levle=debug'],
      '--serve-flag --log-levle=debug: must be a setting of gpugate serve, such as --log-level=debug; did you mean --log-level?',
    ],
    'a flag of serve in two words': [['--serve-flag', '--log-level debug'], 'must be a setting of gpugate serve'],
    'a port of serve': [['--serve-flag', '--port=1'], '--serve-flag --port=1: cannot be changed'],
    'a policy that is not there': [['--policies', '/nowhere'], '/nowhere'],
  };
  test.each(Object.entries(wrong))('refuses %s', async (_, [args, message]) => {
    await expect(printed(...args)).rejects.toThrow(message);
  });
});
