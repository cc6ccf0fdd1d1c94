import { join } from 'node:path';
import { ConfigError, loadConfig, type Config, type SettingLayers } from '../config.ts';
import { createLog } from '../telemetry/log.ts';
import { InputError } from '../text/errors.ts';
import { embeddedSettings, firstRequests } from './embedded.ts';
import { serve } from './serve.ts';

export type RunServeOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where package.json and the example manifests are. */
  readonly packageRoot: string;
  readonly version: string;
  readonly write: (text: string) => void;
  /** Ends the process. */
  readonly exit: (end: 'drained' | 'failed') => void;
};

const endSignals = ['SIGTERM', 'SIGINT'] as const;

/** `gpugate serve`, until a signal ends it. Rejects with InputError when a setting or an input file is wrong. */
export async function runServe(
  flags: Readonly<Record<string, unknown>>,
  { environment, packageRoot, version, write, exit }: RunServeOptions,
): Promise<void> {
  const config = readConfig({ flags, environment, embedded: embeddedSettings(packageRoot) });
  const log = createLog({ level: config.logLevel });
  // As process 1 of a container, a process without a handler ignores the signal, and starting may take a while.
  const leave = () => exit('drained');
  for (const signal of endSignals) process.once(signal, leave);
  const serving = await serve(config, { log, version, environment });
  if (config.embedded) write(firstRequests(serving.port, config.tlsCert ?? join(config.certs ?? '', 'ca.crt')));
  let isDraining = false;
  const drain = (): void => {
    if (isDraining) return exit('failed'); // a second signal means: do not wait
    isDraining = true;
    serving.drain().then(
      () => exit('drained'),
      (error: unknown) => {
        log.error('the drain failed', { error });
        exit('failed');
      },
    );
  };
  for (const signal of endSignals) {
    process.off(signal, leave);
    process.on(signal, drain);
  }
}

function readConfig(layers: SettingLayers): Config {
  try {
    return loadConfig(layers);
  } catch (error) {
    throw error instanceof ConfigError ? new InputError(error.message) : error;
  }
}
