import { join } from 'node:path';
import { InputError } from '../cli/input-error.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import type { CommandLineOptions } from '../command-line.ts';
import { ConfigError, loadConfig, type Config, type SettingLayers } from '../config.ts';
import { embeddedSettings, firstRequests } from './embedded.ts';
import { serve } from './serve.ts';
import { createLog } from '../telemetry/log.ts';

/** `gpugate serve`, with the signals that end it. Rejects with InputError when a setting or an input file is wrong. */
export async function runServe(
  flags: Readonly<Record<string, unknown>>,
  { environment, packageRoot, version }: CommandLineOptions & { readonly version: string },
): Promise<void> {
  const config = readConfig({ flags, environment, embedded: embeddedSettings(packageRoot) });
  const log = createLog({ level: config.logLevel });
  // As process 1 of a container, a signal that nobody listens to is not even fatal; to start may take a while.
  const leave = () => process.exit(exitCodes.ok);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, leave);
  const serving = await serve(config, { log, version, environment });
  if (config.embedded) {
    const caFile = config.tlsCert ?? join(config.certs ?? '', 'ca.crt');
    process.stdout.write(firstRequests(serving.port, caFile));
  }
  let isDraining = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.off(signal, leave);
    process.on(signal, () => {
      if (isDraining) process.exit(exitCodes.failed); // a second signal: whoever sends it will not wait
      isDraining = true;
      serving.drain().then(
        () => process.exit(exitCodes.ok),
        (error: unknown) => {
          log.error('the drain failed', { error });
          process.exit(exitCodes.failed);
        },
      );
    });
  }
}

function readConfig(layers: SettingLayers): Config {
  try {
    return loadConfig(layers);
  } catch (error) {
    throw error instanceof ConfigError ? new InputError(error.message) : error;
  }
}
