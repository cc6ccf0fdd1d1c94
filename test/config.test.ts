import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentName, flagDescriptions, flagName, loadConfig, settings } from '../src/config.ts';

const needed = { policies: ['p'], snapshot: 's' };
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function load(flags: object, environment: Record<string, string>, embedded: object = {}) {
  return loadConfig({ flags: { ...flags }, environment, embedded: { ...embedded } });
}

function configFile(text: string): string {
  const file = join(directory, 'config.yaml');
  writeFileSync(file, text);
  return file;
}

describe('loadConfig', () => {
  test('a flag wins over the environment, that over the file, that over the default', () => {
    const config = configFile('port: 1\nopsPort: 1\nmaxStaleness: 1s\n');
    const environment = { GPUGATE_PORT: '2', GPUGATE_OPS_PORT: '2', PATH: '/bin' };
    expect(load({ ...needed, config, port: '3' }, environment)).toMatchObject({
      port: 3,
      opsPort: 2,
      maxStaleness: 1000,
      drainSpread: 5000,
    });
  });

  test('durations become milliseconds and lists are split at commas', () => {
    const environment = { GPUGATE_EXEMPT_USERS: 'a,b', GPUGATE_DRAIN_SPREAD: '2m', GPUGATE_RELOAD_INTERVAL: '500ms' };
    expect(load(needed, environment)).toMatchObject({
      exemptUsers: ['a', 'b'],
      drainSpread: 120_000,
      reloadInterval: 500,
    });
  });

  test('what the kubelet says of Services called gpugate is no setting', () => {
    const links = {
      GPUGATE_SERVICE_HOST: '10.0.0.1',
      GPUGATE_SERVICE_PORT: '443',
      GPUGATE_SERVICE_PORT_HTTPS: '443',
      GPUGATE_PORT: 'tcp://10.0.0.1:443',
      GPUGATE_PORT_443_TCP: 'tcp://10.0.0.1:443',
      GPUGATE_PORT_443_TCP_PROTO: 'tcp',
      GPUGATE_PORT_443_TCP_PORT: '443',
      GPUGATE_PORT_443_TCP_ADDR: '10.0.0.1',
      GPUGATE_OPS_SERVICE_HOST: '10.0.0.2',
      GPUGATE_OPS_PORT: 'tcp://10.0.0.2:8080',
    };
    expect(load(needed, links)).toEqual(load(needed, {}));
    expect(() => load(needed, { GPUGATE_PORT_443: '1' })).toThrow('GPUGATE_PORT_443: no setting has this variable');
    expect(() => load(needed, { GPUGATE_PORT: '10.0.0.1:443' })).toThrow('GPUGATE_PORT: must be a number');
    expect(() => load(needed, { GPUGATE_HOST_PROT: 'tcp://x' })).toThrow('GPUGATE_HOST_PROT: no setting');
  });

  test('what it returns cannot be changed', () => {
    expect(Object.isFrozen(load(needed, {}))).toBe(true);
  });

  const problems: Readonly<Record<string, [Record<string, unknown>, Record<string, string>, string]>> = {
    'a port that is none': [{ ...needed, port: 'x' }, {}, '--port: must be a number, got the string "x"'],
    'an empty port': [needed, { GPUGATE_PORT: '' }, 'GPUGATE_PORT: must be a number, got the string ""'],
    'a port beyond the last': [{ ...needed, port: '70000' }, {}, '--port: must be at most 65535, got the number 70000'],
    'a certificate for no names': [{ ...needed, tlsNames: [] }, {}, '--tls-names: must have at least 1 entry'],
    'a name that no certificate can be for as it is written': [
      { ...needed, tlsNames: 'gpugate.svc,gpügate.svc' },
      {},
      '--tls-names: must be DNS names in ASCII or IP addresses',
    ],
    'an address of a single link': [{ ...needed, tlsNames: 'fe80::1%eth0' }, {}, '--tls-names: must be DNS names'],
    'an address in two notations at once': [
      { ...needed, tlsNames: '::ffff:10.0.0.1' },
      {},
      '--tls-names: must be DNS names',
    ],
    'no policies at all': [{ ...needed, policies: [] }, {}, '--policies: must have at least 1 entry'],
    'a glob that no name can be as long as': [
      needed,
      { GPUGATE_EXEMPT_USERS: '?'.repeat(70_000) },
      'GPUGATE_EXEMPT_USERS: must have at most 253 characters',
    ],
    'a level that there is not': [
      { ...needed, logLevel: 'warnin' },
      {},
      '--log-level: must be one of debug, info, warn, error, got the string "warnin"; did you mean warn?',
    ],
    'a duration without a unit': [
      needed,
      { GPUGATE_DRAIN_SPREAD: '5' },
      'GPUGATE_DRAIN_SPREAD: must be a duration such as 500ms, 10s or 2m',
    ],
    'a variable that is no setting': [
      needed,
      { GPUGATE_PROT: '1' },
      'GPUGATE_PROT: no setting has this variable; did you mean GPUGATE_PORT?',
    ],
    'a Secret of an impossible name': [
      { ...needed, certificateSecret: 'a/b' },
      {},
      '--certificate-secret: must be the name of an object: lowercase letters, digits, - and .',
    ],
    'a namespace of an impossible name, out of the environment': [
      needed,
      { GPUGATE_NAMESPACE: 'My_Namespace' },
      'GPUGATE_NAMESPACE: must be at most 63 lowercase letters, digits and -',
    ],
    'a certificate without its key': [
      { ...needed, tlsCert: 'c' },
      {},
      '--tls-cert: --tls-cert and --tls-key go together',
    ],
    'two sources of certificates': [
      { ...needed, tlsCert: 'c', tlsKey: 'k', certs: 'd' },
      {},
      '--certs: --certs is for a CA of gpugate itself and cannot be combined with --tls-cert',
    ],
    'a Secret and a directory of certificates': [
      { ...needed, certificateSecret: 's', certs: 'd' },
      {},
      '--certificate-secret: cannot be combined with --tls-cert, --certs or --embedded: certificates come from one place',
    ],
    'a file that is not there': [
      { ...needed, config: '/nowhere/config.yaml' },
      {},
      '--config /nowhere/config.yaml: does not exist',
    ],
  };
  test.each(Object.entries(problems))('refuses %s', (_, [flags, environment, message]) => {
    expect(() => load(flags, environment)).toThrow(message);
  });

  test('refuses unknown keys of a file, all of them at once, with the file', () => {
    const config = configFile('prot: 1\nhosst: x\nport: 70000\n');
    expect(() => load({ ...needed, config }, {})).toThrow(
      `${config}:3:1 port: must be at most 65535, got the number 70000\n` +
        `${config}:1:1 prot: unknown setting; did you mean port?\n` +
        `${config}:2:1 hosst: unknown setting; did you mean host?`,
    );
  });

  test('refuses half of a pair at the place of the half that is there', () => {
    const config = configFile('host: 127.0.0.1\ntlsKey: k\n');
    expect(() => load({ ...needed, config }, {})).toThrow(`${config}:2:1 tlsKey: --tls-cert and --tls-key go together`);
  });

  test('refuses a file that is no YAML or no map', () => {
    expect(() => load({ ...needed, config: configFile('a: [') }, {})).toThrow(/config\.yaml:1:\d+ not valid YAML/);
    expect(() => load({ ...needed, config: configFile('port: *x') }, {})).toThrow(
      /config\.yaml:1:7 there is no anchor &x before this alias$/,
    );
    expect(() => load({ ...needed, config: configFile('port: 1\n---\nport: 2\n') }, {})).toThrow(
      /config\.yaml:3:1 must be the only document of settings in the file$/,
    );
    expect(() => load({ ...needed, config: configFile('- a\n') }, {})).toThrow(
      /config\.yaml:1:1 must be a map of settings$/,
    );
  });
});

describe('embedded', () => {
  const embedded = { host: '127.0.0.1', policies: ['p'], snapshot: 's', certs: 'c', drainSpread: '0s' };

  test.each<[string, { config?: string; embedded?: boolean }, Record<string, string>]>([
    ['a flag', { embedded: true }, {}],
    ['a variable', {}, { GPUGATE_EMBEDDED: 'true' }],
    ['a key of the file', { config: 'embedded: true\n' }, {}],
  ])('as %s brings its own settings', (_, flags, environment) => {
    const given = flags.config === undefined ? flags : { ...flags, config: configFile(flags.config) };
    expect(load(given, environment, embedded)).toMatchObject({ embedded: true, policies: ['p'], drainSpread: 0 });
  });

  test('gives way to a file, and keeps no certificates beside those from elsewhere', () => {
    const config = configFile('embedded: true\nhost: 127.0.0.2\ntlsCert: a\ntlsKey: b\n');
    const loaded = load({ config }, {}, embedded);
    expect(loaded).toMatchObject({ host: '127.0.0.2', tlsCert: 'a', snapshot: 's' });
    expect(loaded.certs).toBeUndefined();
  });

  test('brings nothing when it is off', () => {
    expect(load({ embedded: false }, {}, embedded)).toEqual(load({}, {}));
  });
});

test('every setting has a description and names of its own', () => {
  const flags = flagDescriptions();
  expect(flags.map(({ flag }) => flag)).toEqual(Object.keys(settings).map(flagName));
  expect(flags.filter(({ description }) => !description.endsWith('.'))).toEqual([]);
  expect(environmentName('exemptNamespaces')).toBe('GPUGATE_EXEMPT_NAMESPACES');
});
