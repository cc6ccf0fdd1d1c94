import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBinaries, ensurePodDemand } from './build.ts';
import { kubernetesVariable } from './kubernetes-version.ts';

const goModule = (kubernetes: string) => `module example.com/tiny\n\ngo 1.26.0\n\n// k8s.io/kubernetes ${kubernetes}\n`;
const tiny = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("I am tiny") }\n';
/** Go's own cache, which would lie in XDG_CACHE_HOME: without it each test compiles Go's standard library again. */
const goCache = spawnSync('go', ['env', 'GOCACHE']).stdout?.toString().trim() ?? '';

describe('the binaries', () => {
  let folder: string;
  let sources = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gpugate-build-test-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const goSource = async (main: string): Promise<string> => {
    const source = join(folder, `source-${(sources += 1)}`);
    await mkdir(source);
    await writeFile(join(source, 'go.mod'), goModule('v1.37.2'));
    await writeFile(join(source, 'kubernetes-1.36.mod'), goModule('v1.36.3'));
    await writeFile(join(source, 'main.go'), main);
    return source;
  };
  const withoutAssets = (cache: string): NodeJS.ProcessEnv => ({
    ...process.env,
    KUBEBUILDER_ASSETS: undefined,
    [kubernetesVariable]: undefined,
    XDG_CACHE_HOME: join(folder, cache),
    GOCACHE: goCache,
  });

  it('come from KUBEBUILDER_ASSETS if it is set', async () => {
    const assets = join(folder, 'assets');
    await mkdir(assets);
    await Promise.all(['etcd', 'kube-apiserver', 'kubectl'].map((tool) => writeFile(join(assets, tool), '')));
    const env = { KUBEBUILDER_ASSETS: assets };
    const binaries = await ensureBinaries({ env, required: ['etcd', 'kube-apiserver', 'kubectl'] });
    expect(binaries.etcd).toBe(join(assets, 'etcd'));
    await expect(ensureBinaries({ env })).rejects.toThrow(
      `KUBEBUILDER_ASSETS=${assets} lacks kube-controller-manager, kube-scheduler. ` +
        'Add what is missing, or unset KUBEBUILDER_ASSETS to have all of them built with Go.',
    );
  });

  it('say what to install if there is no Go', async () => {
    await expect(ensureBinaries({ env: { PATH: '', XDG_CACHE_HOME: join(folder, 'no-go') } })).rejects.toThrow(
      'The test control plane is built with Go, and there is no go in PATH. Install Go 1.26 or newer ' +
        '(https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder that holds ' +
        'etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl.',
    );
    expect(await readdir(join(folder, 'no-go/gpugate'))).toEqual([]);
    const env = { PATH: '', XDG_CACHE_HOME: join(folder, 'no-go'), KUBEBUILDER_ASSETS: join(folder, 'assets') };
    await expect(ensurePodDemand({ env })).rejects.toThrow(
      "Kubernetes' own pod arithmetic is built with Go, even if KUBEBUILDER_ASSETS is set, and there is no go in " +
        'PATH. Install Go 1.26 or newer (https://go.dev/dl).',
    );
  });

  it('are refused for a Kubernetes version that has no module file', async () => {
    const env = { ...withoutAssets('unknown'), [kubernetesVariable]: '1.29' };
    await expect(ensureBinaries({ env })).rejects.toThrow(
      'TEST_KUBERNETES=1.29: the test control plane can be Kubernetes 1.37 or 1.36.',
    );
  });

  describe.runIf(goCache !== '')('built with Go', () => {
    it('are one binary under several names, and are rebuilt when the source changes', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('built');
      const binaries = await ensureBinaries({ source, env });
      expect(spawnSync(binaries['kube-scheduler']).stdout.toString()).toBe('I am tiny\n');
      expect(await ensureBinaries({ source, env: { ...env, PATH: '' } })).toEqual(binaries); // from the cache, no Go
      await writeFile(join(source, 'main.go'), tiny.replace('tiny', 'small'));
      expect((await ensureBinaries({ source, env })).etcd).not.toBe(binaries.etcd);
    });

    it('differ by the version of Kubernetes, which is the newest unless another is named', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('versions');
      const of = async (version: string) => ensureBinaries({ source, env: { ...env, [kubernetesVariable]: version } });
      const newest = await of('1.37');
      const previous = await of('1.36');
      expect(previous.etcd).not.toBe(newest.etcd);
      expect([await ensureBinaries({ source, env }), await of('')]).toEqual([newest, newest]);
      await writeFile(join(source, 'kubernetes-1.36.mod'), `${goModule('v1.36.3')}\n`);
      expect((await of('1.36')).etcd).not.toBe(previous.etcd);
      expect(await of('1.37')).toEqual(newest);
    });

    it('include pod-demand, even if KUBEBUILDER_ASSETS names a folder', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('pod-demand');
      const command = await ensurePodDemand({ source, env: { ...env, KUBEBUILDER_ASSETS: join(folder, 'assets') } });
      const { etcd } = await ensureBinaries({ source, env: { ...env, PATH: '' } });
      expect(command).toEqual([join(etcd, '../controlplane'), 'pod-demand']);
    });

    it('are rebuilt when a source file is added', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('further');
      const first = await ensurePodDemand({ source, env });
      await writeFile(join(source, 'further.go'), 'package main\n');
      expect(await ensurePodDemand({ source, env })).not.toEqual(first);
    });

    it('are built once if two processes ask at the same time, even after one died while building', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('twice');
      const cache = join(folder, 'twice/gpugate');
      const [first, second] = await Promise.all([ensureBinaries({ source, env }), ensureBinaries({ source, env })]);
      expect(first).toEqual(second);
      const [name] = await readdir(cache);
      await rm(join(cache, `${name}`), { recursive: true });
      const dead = spawnSync(process.execPath, ['--eval', '']).pid;
      const lock = JSON.stringify({ host: hostname(), pid: dead });
      await writeFile(join(cache, `${name}.lock`), lock);
      await ensureBinaries({ source, env });
      expect(await readdir(cache)).toEqual([name]);
    });

    it('show the last lines of the compiler if the build fails', async () => {
      const source = await goSource(tiny.replace('fmt.Println', 'fmt.Prinln'));
      const build = ensureBinaries({ source, env: withoutAssets('broken') });
      await expect(build).rejects.toThrow(/^go build failed [^]*main.go:5:19: undefined: fmt.Prinln/);
      expect(existsSync(join(folder, 'broken/gpugate'))).toBe(true);
      expect(await readdir(join(folder, 'broken/gpugate'))).toEqual([]);
    });
  });
});
