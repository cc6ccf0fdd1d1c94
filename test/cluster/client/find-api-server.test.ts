import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/text/errors.ts';
import { inClusterServer, type ApiServer } from '../../../src/cluster/client/api-server.ts';
import { findApiServer, findNamespace } from '../../../src/cluster/client/find-api-server.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

type Context = { server?: string; token?: string; namespace?: string; current?: string };

function kubeconfig(name: string, { server, token = 'secret', namespace, current = name }: Context = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    clusters: server === undefined ? [] : [{ name, cluster: { server } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  });
}

function serviceAccount() {
  const directory = temporaryDirectory();
  directory.write('token', 'first\n');
  directory.write('ca.crt', '');
  directory.write('namespace', 'gpugate-system\n');
  return directory;
}

/** Header names have no case. */
async function authorization({ authenticate }: Pick<ApiServer, 'authenticate'>): Promise<unknown> {
  const { headers } = await authenticate();
  return Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}

const inCluster = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' };

describe('the API server is found', () => {
  test('by the service account in a cluster, whatever KUBECONFIG says', async () => {
    const { path } = serviceAccount();
    const environment = { ...inCluster, KUBECONFIG: '/no/such/file' };
    const server = await findApiServer({ environment, serviceAccountDirectory: path });
    expect(server.url.href).toBe('https://10.0.0.1:6443/');
    expect(server.namespace).toBe('gpugate-system');
    expect(await authorization(server)).toBe('Bearer first');
  });

  test('at an address of IPv6', async () => {
    const { path } = serviceAccount();
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1' };
    const { url } = await findApiServer({ environment, serviceAccountDirectory: path });
    expect(url.href).toBe('https://[fd00::1]/');
  });

  test('by the kubeconfig of the command line, even in a cluster', async () => {
    const { path, write } = temporaryDirectory();
    write('a', kubeconfig('a', { server: 'https://a.example:1', namespace: 'team' }));
    const { url, namespace } = await findApiServer({ environment: inCluster, kubeconfig: join(path, 'a') });
    expect([url.href, namespace]).toEqual(['https://a.example:1/', 'team']);
  });

  test('by KUBECONFIG before ~/.kube/config, and by that without it', async () => {
    const { path, write } = temporaryDirectory();
    write('a', kubeconfig('a', { server: 'https://a.example' }));
    write('.kube/config', kubeconfig('home', { server: 'https://home.example' }));
    const byVariable = await findApiServer({ environment: { HOME: path, KUBECONFIG: join(path, 'a') } });
    const byHome = await findApiServer({ environment: { HOME: path, KUBECONFIG: '' } });
    expect([byVariable.url.host, byHome.url.host]).toEqual(['a.example', 'home.example']);
  });

  const lists: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string, string]>> = {
    'of which the first that names a thing wins': [
      {
        one: kubeconfig('x', { server: 'https://one.example', token: 'one' }),
        two: kubeconfig('x', { server: 'https://two.example', token: 'two' }),
      },
      'one.example',
      'Bearer one',
    ],
    'of which some are not there': [
      { two: kubeconfig('x', { server: 'https://two.example', token: 'two' }) },
      'two.example',
      'Bearer two',
    ],
    'of which one names the context and another its cluster': [
      {
        one: kubeconfig('x', { token: 'one' }),
        two: kubeconfig('x', { server: 'https://two.example', token: 'two' }),
      },
      'two.example',
      'Bearer one',
    ],
    'of which only the second names a current context': [
      {
        one: kubeconfig('x', { server: 'https://one.example', current: '' }),
        two: kubeconfig('y', { server: 'https://two.example', token: 'two' }),
      },
      'two.example',
      'Bearer two',
    ],
  };

  test.each(Object.entries(lists))('by a list of files %s', async (_, [files, host, wanted]) => {
    const { path, write } = temporaryDirectory();
    for (const [name, content] of Object.entries(files)) write(name, content);
    const server = await findApiServer({ environment: { KUBECONFIG: `${path}/one:${path}/two` } });
    expect(server.url.host).toBe(host);
    expect(await authorization(server)).toBe(wanted);
  });

  const faults: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
    'there is nothing to go by': [
      { HOME: '/no/home' },
      'no cluster found: KUBERNETES_SERVICE_HOST and KUBECONFIG are not set, and there is no /no/home/.kube/config. Give --kubeconfig, or --snapshot to work without a cluster.',
    ],
    'there is no home': [
      {},
      'no cluster found: KUBERNETES_SERVICE_HOST and KUBECONFIG are not set, and there is no ~/.kube/config. Give --kubeconfig, or --snapshot to work without a cluster.',
    ],
    'the file is not there': [
      { KUBECONFIG: '/no/file' },
      'kubeconfig /no/file does not exist; name another with --kubeconfig or KUBECONFIG',
    ],
    'none of the files is there': [{ KUBECONFIG: '/no/a:/no/b' }, 'KUBECONFIG names no file that exists: /no/a, /no/b'],
    'the token is not there': [
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      "ENOENT: no such file or directory, open '/no/account/token'",
    ],
  };

  test.each(Object.entries(faults))('not when %s, and the error says so', async (_, [environment, message]) => {
    await expect(findApiServer({ environment, serviceAccountDirectory: '/no/account' })).rejects.toMatchObject({
      message,
    });
  });

  const unusable: Readonly<Record<string, readonly [string, string]>> = {
    'its current context is of a cluster that is not there': [
      kubeconfig('a'),
      'kubeconfig FILE: the context a names the cluster a, which the file does not define (none)',
    ],
    'its current context is not there': [
      kubeconfig('a', { server: 'https://a.example', current: 'b' }),
      'kubeconfig FILE: its current-context b is not one of its contexts (a); choose one with: kubectl config use-context NAME',
    ],
    'it has no current context': [
      kubeconfig('a', { server: 'https://a.example', current: '' }),
      'kubeconfig FILE: it has no current-context (a); choose one with: kubectl config use-context NAME',
    ],
    'its server is no URL': [
      kubeconfig('a', { server: 'somewhere' }),
      'kubeconfig FILE: the server of cluster a is not a URL: somewhere',
    ],
    'it is a list': [
      '[]',
      'kubeconfig FILE: it has no current-context (none); choose one with: kubectl config use-context NAME',
    ],
    'it is empty': [
      '',
      'FILE is not a kubeconfig: expected a document, but the input is empty; name another with --kubeconfig or KUBECONFIG',
    ],
    'it is null': [
      'null',
      'FILE is not a kubeconfig: it is empty or not a map; name another with --kubeconfig or KUBECONFIG',
    ],
    'it is no YAML': [
      'a: [',
      expect.stringMatching(/^FILE is not a kubeconfig: .+; name another with --kubeconfig or KUBECONFIG$/) as string,
    ],
  };
  test.each(Object.entries(unusable))('not by a kubeconfig when %s: bad input', async (_, [text, message]) => {
    const { path, write } = temporaryDirectory();
    write('a', text);
    const kubeconfigFile = join(path, 'a');
    const error = await findApiServer({ environment: {}, kubeconfig: kubeconfigFile }).catch(
      (e: unknown) => e as Error,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message.replaceAll(kubeconfigFile, 'FILE')).toEqual(message);
  });
});

describe('the token of a service account', () => {
  test('is read again after a minute, or at once after a 401', async () => {
    const { path, write } = serviceAccount();
    let now = 0;
    const server = await inClusterServer({ environment: inCluster, directory: path, now: () => now });
    const tokens: unknown[] = [];
    const ask = async () => tokens.push((await server?.authenticate())?.headers);
    write('token', 'second');
    now = 60_000;
    await ask();
    now = 60_001;
    await ask();
    write('token', 'third');
    await ask();
    server?.forget();
    await ask();
    expect(tokens).toEqual(
      ['first', 'second', 'second', 'third'].map((token) => ({ authorization: `Bearer ${token}` })),
    );
  });

  test('comes over the same connections until the certificate authority is another', async () => {
    const { path, write } = serviceAccount();
    const server = await inClusterServer({ environment: inCluster, directory: path });
    const agent = async () => {
      server?.forget();
      return (await server?.authenticate())?.agent;
    };
    const first = await agent();
    write('token', 'second');
    expect(await agent()).toBe(first);
    write('ca.crt', 'another');
    expect(await agent()).not.toBe(first);
  });

  test('of a kubeconfig is read again after a 401', async () => {
    const { path, write } = temporaryDirectory();
    write('a', kubeconfig('a', { server: 'https://a.example', token: 'first' }));
    const server = await findApiServer({ environment: {}, kubeconfig: join(path, 'a') });
    write('a', kubeconfig('a', { server: 'https://a.example', token: 'second' }));
    const tokens = [await authorization(server)];
    server.forget();
    tokens.push(await authorization(server));
    expect(tokens).toEqual(['Bearer first', 'Bearer second']);
  });
});

const namespaces: Readonly<Record<string, readonly [Parameters<typeof findNamespace>, string]>> = {
  'the flag': [['flag', { POD_NAMESPACE: 'environment' }, { namespace: 'account' }], 'flag'],
  'the environment without a flag': [
    [undefined, { POD_NAMESPACE: 'environment' }, { namespace: 'account' }],
    'environment',
  ],
  'the credentials without both': [['', { POD_NAMESPACE: '' }, { namespace: 'account' }], 'account'],
  'default when nothing says': [[undefined, {}, { namespace: undefined }], 'default'],
};

test.each(Object.entries(namespaces))('the namespace comes from %s', (_, [given, wanted]) => {
  expect(findNamespace(...given)).toBe(wanted);
});
