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

function configFile(text: string): string {
  const file = join(directory, 'config.yaml');
  writeFileSync(file, text);
  return file;
}

describe('loadConfig', () => {
  test('a flag wins over the environment, that over the file, that over the default', () => {
    const config = configFile('port: 1\nopsPort: 1\nmaxStaleness: 1s\n');
    const environment = { GPUGATE_PORT: '2', GPUGATE_OPS_PORT: '2', PATH: '/bin' };
    expect(loadConfig({ ...needed, config, port: '3' }, environment)).toMatchObject({
      port: 3,
      opsPort: 2,
      maxStaleness: 1000,
      drainSpread: 5000,
    });
  });

  test('durations become milliseconds and lists are split at commas', () => {
    const environment = { GPUGATE_EXEMPT_USERS: 'a,b', GPUGATE_DRAIN_SPREAD: '2m', GPUGATE_RELOAD_INTERVAL: '500ms' };
    expect(loadConfig(needed, environment)).toMatchObject({
      exemptUsers: ['a', 'b'],
      drainSpread: 120_000,
      reloadInterval: 500,
    });
  });

  test('what it returns cannot be changed', () => {
    expect(Object.isFrozen(loadConfig(needed, {}))).toBe(true);
  });

  const faults: Readonly<Record<string, [Record<string, unknown>, Record<string, string>, string]>> = {
    'a port that is none': [{ ...needed, port: 'x' }, {}, '--port: Invalid input: expected number, received NaN'],
    'a duration without a unit': [
      needed,
      { GPUGATE_DRAIN_SPREAD: '5' },
      'GPUGATE_DRAIN_SPREAD: must be a duration such as 500ms, 10s or 2m',
    ],
    'a variable that is no setting': [
      needed,
      { GPUGATE_PROT: '1' },
      'GPUGATE_PROT in the environment is no setting of gpugate',
    ],
    'a certificate without its key': [
      { ...needed, tlsCert: 'c' },
      {},
      '--tls-cert: --tls-cert and --tls-key go together',
    ],
    'two sources of certificates': [
      { ...needed, tlsCert: 'c', tlsKey: 'k', certs: 'd' },
      {},
      '--certs: --certs is for the own CA; it does not go with --tls-cert',
    ],
    'nothing to serve': [{}, {}, '--policies: give --policies and --snapshot, or --embedded to try gpugate out'],
    'a file that is not there': [
      { ...needed, config: '/nowhere/config.yaml' },
      {},
      "--config /nowhere/config.yaml: ENOENT: no such file or directory, open '/nowhere/config.yaml'",
    ],
  };
  test.each(Object.entries(faults))('refuses %s', (_, [flags, environment, message]) => {
    expect(() => loadConfig(flags, environment)).toThrow(message);
  });

  test('refuses unknown keys of a file, all of them at once, with the file', () => {
    const config = configFile('prot: 1\nhosst: x\nport: 70000\n');
    expect(() => loadConfig({ ...needed, config }, {})).toThrow(
      new RegExp(`^${config}: port: Too big.*\n${config}: prot is no setting\n${config}: hosst is no setting$`),
    );
  });

  test('refuses a file that is no YAML or no map', () => {
    expect(() => loadConfig({ ...needed, config: configFile('a: [') }, {})).toThrow(/config\.yaml: .*line 1/);
    expect(() => loadConfig({ ...needed, config: configFile('- a\n') }, {})).toThrow(
      /config\.yaml: must be a map of settings$/,
    );
  });
});

test('every setting has a description and names of its own', () => {
  const flags = flagDescriptions();
  expect(flags.map(({ flag }) => flag)).toEqual(Object.keys(settings).map(flagName));
  expect(flags.filter(({ description }) => !description.endsWith('.'))).toEqual([]);
  expect(environmentName('exemptNamespaces')).toBe('GPUGATE_EXEMPT_NAMESPACES');
});
