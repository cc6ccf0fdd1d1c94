import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { exitCodes } from '../../../src/cli/exit-codes.ts';
import { issueAuthority } from '../../../src/tls/issue-certificates.ts';
import { examplePolicies } from '../../support/examples.ts';
import { outputOf, runGpugate } from '../../support/run-gpugate.ts';

let directory: string;
let ca: string;
let garbage: string;
let badPolicy: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-manifests-'));
  ca = join(directory, 'ca.crt');
  garbage = join(directory, 'garbage.crt');
  badPolicy = join(directory, 'bad.yaml');
  writeFileSync(
    badPolicy,
    'apiVersion: gpugate.dev/v1alpha1\nkind: WorkloadPolicy\nmetadata: { name: x }\nspec:\n  names: { pattern: "(" }\n',
  );
  writeFileSync(ca, (await issueAuthority({ now: Date.now(), lifeMs: 60_000 })).cert);
  writeFileSync(garbage, '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

type Webhook = {
  name: string;
  failurePolicy: string;
  clientConfig: { url?: string; service?: object; caBundle: string };
  rules: { resources: string[]; operations: string[] }[];
  namespaceSelector: { matchExpressions: { values: string[] }[] };
  sideEffects: string;
  matchPolicy: string;
  timeoutSeconds: number;
};

function serve(...args: string[]) {
  const ports = ['--port', '0', '--ops-port', '0'];
  return runGpugate(['serve', '--embedded', '--certs', join(directory, 'certs'), ...ports, ...args]);
}

async function webhooksOf(...args: string[]): Promise<Webhook[]> {
  const text = await outputOf(['manifests', 'webhooks', '--ca', ca, ...args]);
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as { webhooks: Webhook[] }).webhooks);
}

describe('gpugate manifests webhooks', () => {
  test('prints each webhook with its failurePolicy and as narrow as the policies allow', async () => {
    const webhooks = await webhooksOf('--url', 'https://127.0.0.1:8443/', '--policies', examplePolicies);
    expect(webhooks.map(({ name, failurePolicy, clientConfig }) => [name, failurePolicy, clientConfig.url])).toEqual([
      ['pods.mutate.gpugate.dev', 'Ignore', 'https://127.0.0.1:8443/mutate/pods'],
      ['gpu.validate.gpugate.dev', 'Fail', 'https://127.0.0.1:8443/validate/gpu'],
      ['pods.validate.gpugate.dev', 'Ignore', 'https://127.0.0.1:8443/validate/pods'],
    ]);
    expect(webhooks[2]?.rules.flatMap(({ resources }) => resources)).toEqual([
      'pods',
      'pods/ephemeralcontainers',
      'pods/resize',
      'replicationcontrollers',
      'services',
      'persistentvolumeclaims',
      'deployments',
      'statefulsets',
      'daemonsets',
      'replicasets',
      'jobs',
      'cronjobs',
    ]);
    expect(webhooks.map(({ sideEffects }) => sideEffects)).toEqual(['None', 'NoneOnDryRun', 'None']);
    for (const webhook of webhooks) {
      expect(webhook).toMatchObject({ matchPolicy: 'Equivalent', timeoutSeconds: 5 });
      expect(webhook.namespaceSelector.matchExpressions[0]?.values).toEqual([
        'kube-system',
        'kube-node-lease',
        'gpugate-system',
      ]);
      expect(
        webhook.rules.flatMap(({ resources }) => resources).filter((r) => /\*|status|binding|leases/.test(r)),
      ).toEqual([]);
    }
  });

  test('takes a Service, and a failurePolicy for the pods that touch no GPU', async () => {
    const webhooks = await webhooksOf('--service', 'gpus/gate:8443', '--pods-failure-policy', 'Fail');
    expect(webhooks[2]?.failurePolicy).toBe('Fail');
    expect(webhooks[1]?.clientConfig.service).toEqual({
      namespace: 'gpus',
      name: 'gate',
      port: 8443,
      path: '/validate/gpu',
    });
    expect(webhooks[2]?.rules.flatMap(({ resources }) => resources)).toEqual([
      'pods',
      'pods/ephemeralcontainers',
      'pods/resize',
    ]);
  });

  test('leaves the caBundle out without a CA: somebody else fills it in', async () => {
    const text = await outputOf(['manifests', 'webhooks']);
    expect(text.match(/^ +path: \//gm)).toHaveLength(3);
    expect(text).not.toContain('caBundle');
  });

  const wrong: Readonly<Record<string, [string[], RegExp]>> = {
    'a URL that is not https': [['--url', 'http://x'], /^--url http:\/\/x: must be an https URL/],
    'a URL with a password': [['--url', 'https://me:pw@x'], /^--url: must not have a user or a password/],
    'a URL with a query': [['--url', 'https://x?a=b'], /^--url https:\/\/x\?a=b: must end with its path/],
    'a URL with a fragment': [['--url', 'https://x/#a'], /^--url https:\/\/x\/#a: must end with its path/],
    'a Service of an impossible name': [
      ['--service', 'a/-b:443'],
      /each name must be at most 63 lowercase letters, digits/,
    ],
    'a Service without a port': [['--service', 'a/b'], /^--service a\/b: must look like namespace\/name:port/],
    'a Service on port 0': [['--service', 'a/b:0'], /^--service a\/b:0: the port must be from 1 to 65535/],
    'a Service on a port beyond the last': [['--service', 'a/b:65536'], /: the port must be from 1 to 65535/],
    'a policy directory that is not there': [['--policies', '/nowhere'], /\/nowhere/],
    'an unknown flag': [['--nope'], /unknown option '--nope'/],
  };
  test.each(Object.entries(wrong))('refuses %s with exit code 2', async (_, [args, message]) => {
    const { code, stderr, stdout } = await runGpugate(['manifests', 'webhooks', '--ca', ca, ...args]);
    expect({ code, stdout }).toEqual({ code: exitCodes.badInput, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('refuses a CA file that is empty, holds no certificate, or is not there', async () => {
    const empty = join(directory, 'empty.crt');
    writeFileSync(empty, '');
    for (const [file, message] of [
      [empty, 'there is no PEM certificate in it'],
      [garbage, 'the certificate cannot be read'],
      [join(directory, 'none.crt'), 'does not exist'],
    ] as const) {
      const { code, stderr } = await runGpugate(['manifests', 'webhooks', '--ca', file]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`--ca ${file}: ${message}`)]);
    }
  });

  test('refuses a policy that serve would refuse', async () => {
    const { code, stderr } = await runGpugate(['manifests', 'webhooks', '--ca', ca, '--policies', badPolicy]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${badPolicy}:5:`);
  });
});

describe('gpugate', () => {
  test('manifests crds prints the CRD of WorkloadPolicy', async () => {
    expect(await outputOf(['manifests', 'crds'])).toContain('name: workloadpolicies.gpugate.dev');
  });

  test('without a command says what there is, and an unknown one is exit code 2', async () => {
    expect((await runGpugate(['frobnicate'])).code).toBe(2);
    const help = await runGpugate(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(/serve[\s\S]*manifests/);
  });

  test.each(['--port', '--ops-port'])(
    'serve with a %s in use ends with exit code 1 and says what to do',
    async (flag) => {
      const taken = createServer();
      await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
      const { port } = taken.address() as AddressInfo;
      const { code, stderr } = await serve(flag, String(port));
      taken.close();
      expect(code).toBe(exitCodes.failed);
      expect(stderr).toContain(`127.0.0.1:${port} is in use by another process`);
    },
  );

  test('serve with a faulty policy names file, line and field, and is exit code 2', async () => {
    const { code, stdout, stderr } = await serve('--policies', badPolicy);
    expect(code).toBe(exitCodes.badInput);
    expect(stderr).toContain(`${badPolicy}:5:`);
    expect(stderr).toContain('spec.names.pattern');
    expect(stdout).not.toContain('last good version');
  });

  test('serve with a client CA that is none is exit code 2', async () => {
    const { code, stderr } = await serve('--client-ca', garbage);
    expect(code).toBe(exitCodes.badInput);
    expect(stderr).toContain(`--client-ca ${garbage}: the certificate cannot be read`);
  });
});
