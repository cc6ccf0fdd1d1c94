#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from './api/message-of.ts';
import { InputError } from './cli/input-error.ts';
import { createProgram, exitCodes, exitCodeOfUsage } from './cli/program.ts';
import { ConfigError, flagDescriptions, loadConfig } from './config.ts';
import { embeddedSettings, firstRequests } from './embedded.ts';
import { serve } from './serve.ts';
import { createLog } from './telemetry/log.ts';

/** The composition root: the only reader of process.env, and the only place that handles signals and exits. */

const packageRoot = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };

async function runServe(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const config = loadConfig({ flags, environment: process.env, embedded: embeddedSettings(packageRoot) });
  const log = createLog({ level: config.logLevel });
  // As process 1 of a container, a signal that nobody listens to is not even fatal; to start may take a while.
  const leave = () => process.exit(exitCodes.ok);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, leave);
  const serving = await serve(config, { log, version, environment: process.env });
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

const program = createProgram({
  version,
  serveFlags: flagDescriptions(),
  environment: process.env,
  interrupted: () => new Promise((resolve) => process.once('SIGINT', () => resolve())),
  serve: runServe,
  showProgress: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
  },
  fail: (code = exitCodes.failed) => void (process.exitCode = code),
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});

try {
  await program.parseAsync();
} catch (error) {
  const usageEnd = exitCodeOfUsage(error);
  if (usageEnd !== undefined) {
    process.exitCode = usageEnd;
  } else if (error instanceof InputError || error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitCodes.badInput;
  } else {
    process.stderr.write(`gpugate: ${messageOf(error)}\n`);
    process.exitCode = exitCodes.failed;
  }
}
