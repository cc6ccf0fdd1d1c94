import { expect, test } from 'vitest';
import { workloadPolicySpec } from '../../src/api/workload-policy.ts';
import { mpsEnvironment, parseMpsThreads, parseMpsVram } from '../../src/workload/mps.ts';

test.each<[string, number | undefined]>([
  ['1', 1],
  ['50', 50],
  ['100', 100],
  ['0', undefined],
  ['101', undefined],
  ['050', undefined],
  ['50%', undefined],
  ['5e1', undefined],
  ['+5', undefined],
  ['', undefined],
  ['50\n', undefined],
])('threads "%s" are %s percent', (text, percent) => {
  expect(parseMpsThreads(text)).toBe(percent);
});

test.each<[string, number | undefined]>([
  ['8000M', 8000],
  ['4G', 4096],
  ['1280M', 1280],
  ['8000', undefined],
  ['0M', undefined],
  ['08G', undefined],
  ['1.5G', undefined],
  ['8Gi', undefined],
  ['8g', undefined],
  ['8 G', undefined],
  ['0=8000M', undefined],
  ['1000000000M', undefined],
  ['', undefined],
])('vram "%s" is %s MiB', (text, mebibytes) => {
  expect(parseMpsVram(text)).toBe(mebibytes);
  // A policy may set exactly the defaults that are valid annotations.
  expect(workloadPolicySpec.safeParse({ mps: { vram: text } }).success).toBe(mebibytes !== undefined);
});

const threadsOf = (value: string) => ({ name: 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE', value });
const limitOf = (value: string) => ({ name: 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT', value });

test.each<[string, string | undefined, string | undefined, number, readonly object[]]>([
  ['both settings', '50', '8000M', 1, [threadsOf('50'), limitOf('0=8000M')]],
  ['each of three devices', undefined, '4G', 3, [limitOf('0=4G,1=4G,2=4G')]],
  ['threads alone', '50', undefined, 1, [threadsOf('50')]],
  ['nothing malformed', '0', '8Gi', 1, []],
  ['the one that is well-formed', 'half', '8G', 1, [limitOf('0=8G')]],
  ['nothing', undefined, undefined, 1, []],
])('mpsEnvironment sets %s', (_, threads, vram, devices, environment) => {
  expect(mpsEnvironment(threads, vram, devices)).toEqual(environment);
});

test('mpsEnvironment lists no more ordinals than CUDA knows devices', () => {
  expect(mpsEnvironment(undefined, '1G', 1_000_000)[0]?.value.split(',')).toHaveLength(64);
});
