import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBinaries, ensurePodDemand } from './build.ts';

const goModule = 'module example.com/tiny\n\ngo 1.26.0\n\n// k8s.io/kubernetes v1.36.3\n';
const tiny = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("I am tiny") }\n';
const hasGo = spawnSync('go', ['version']).status === 0;

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
    await writeFile(join(source, 'go.mod'), goModule);
    await writeFile(join(source, 'main.go'), main);
    return source;
  };
  const withoutAssets = (cache: string): NodeJS.ProcessEnv => ({
    ...process.env,
    KUBEBUILDER_ASSETS: undefined,
    XDG_CACHE_HOME: join(folder, cache),
  });

  it('come from KUBEBUILDER_ASSETS where it is set', async () => {
    const assets = join(folder, 'assets');
    await mkdir(assets);
    await Promise.all(['etcd', 'kube-apiserver', 'kubectl'].map((tool) => writeFile(join(assets, tool), '')));
    const env = { KUBEBUILDER_ASSETS: assets };
    const binaries = await ensureBinaries({ env, required: ['etcd', 'kube-apiserver', 'kubectl'] });
    expect(binaries.etcd).toBe(join(assets, 'etcd'));
    await expect(ensureBinaries({ env })).rejects.toThrow(
      `KUBEBUILDER_ASSETS=${assets} lacks kube-controller-manager, kube-scheduler. ` +
        'Add what is missing, or unset KUBEBUILDER_ASSETS to have all of it built with Go.',
    );
  });

  it('say what to install where there is no Go', async () => {
    await expect(ensureBinaries({ env: { PATH: '', XDG_CACHE_HOME: join(folder, 'no-go') } })).rejects.toThrow(
      'The test control plane is built with Go, and there is no go in PATH. Install Go 1.26 or newer ' +
        '(https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder that holds ' +
        'etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl.',
    );
    expect(await readdir(join(folder, 'no-go/gpugate'))).toEqual([]);
    const env = { PATH: '', XDG_CACHE_HOME: join(folder, 'no-go'), KUBEBUILDER_ASSETS: join(folder, 'assets') };
    await expect(ensurePodDemand({ env })).rejects.toThrow(
      "Kubernetes' own pod arithmetic is built with Go, also where KUBEBUILDER_ASSETS is set, and there is no go in " +
        'PATH. Install Go 1.26 or newer (https://go.dev/dl).',
    );
  });

  describe.runIf(hasGo)('built with Go', () => {
    it('are one binary under the names of all, and are built again when the source changes', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('built');
      const binaries = await ensureBinaries({ source, env });
      expect(spawnSync(binaries['kube-scheduler']).stdout.toString()).toBe('I am tiny\n');
      expect(await ensureBinaries({ source, env: { ...env, PATH: '' } })).toEqual(binaries); // from the cache, no Go
      await writeFile(join(source, 'main.go'), tiny.replace('tiny', 'small'));
      expect((await ensureBinaries({ source, env })).etcd).not.toBe(binaries.etcd);
    });

    it('are the same one for pod-demand, even where KUBEBUILDER_ASSETS names others', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('pod-demand');
      const command = await ensurePodDemand({ source, env: { ...env, KUBEBUILDER_ASSETS: join(folder, 'assets') } });
      const { etcd } = await ensureBinaries({ source, env: { ...env, PATH: '' } });
      expect(command).toEqual([join(etcd, '../controlplane'), 'pod-demand']);
    });

    it('are built again when a further source file appears', async () => {
      const source = await goSource(tiny);
      const env = withoutAssets('further');
      const first = await ensurePodDemand({ source, env });
      await writeFile(join(source, 'further.go'), 'package main\n');
      expect(await ensurePodDemand({ source, env })).not.toEqual(first);
    });

    it('are built once when two ask at the same time, even after one that died while it built', async () => {
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

    it('show the last lines of the compiler when the build fails', async () => {
      const source = await goSource(tiny.replace('fmt.Println', 'fmt.Prinln'));
      const build = ensureBinaries({ source, env: withoutAssets('broken') });
      await expect(build).rejects.toThrow(/^go build failed [^]*main.go:5:19: undefined: fmt.Prinln/);
      expect(existsSync(join(folder, 'broken/gpugate'))).toBe(true);
      expect(await readdir(join(folder, 'broken/gpugate'))).toEqual([]);
    });
  });
});
