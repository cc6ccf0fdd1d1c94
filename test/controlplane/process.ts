import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export type Process = {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly hasExited: () => boolean;
  /** Sends SIGTERM, and SIGKILL after a grace period. Resolves when the process is gone. */
  readonly stop: () => Promise<void>;
  /** Sends SIGKILL and does not wait. */
  readonly kill: () => void;
};

const stopGraceMs = 10_000;
const keptLogLines = 40; // the message of a Go panic stands above its stack

/** A zombie is not alive. In a container whose first process reaps no orphans, it would stay a zombie for ever. */
export const isAlive = (pid: number): boolean => {
  try {
    if (process.platform === 'linux') return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, but another user's
  }
};

/** What a tool sees of our environment: neither proxies nor the user's kubectl settings. */
export const toolEnvironment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  TMPDIR: home,
  CONTROLPLANE_PARENT: String(process.pid), // see parent_linux.go
});

export const startProcess = (name: string, binary: string, args: string[], dataDir: string): Process => {
  const logFile = `${dataDir}/${name}.log`;
  const log = openSync(logFile, 'a');
  const child = spawn(binary, args, { cwd: dataDir, env: toolEnvironment(dataDir), stdio: ['ignore', log, log] });
  closeSync(log);
  if (child.pid === undefined) {
    child.on('error', () => undefined); // the same failure as an event
    throw new Error(`cannot start ${name}: ${binary} is missing or cannot be executed`);
  }
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    pid: child.pid,
    logFile,
    hasExited,
    async stop() {
      if (hasExited()) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
      await exit;
      clearTimeout(impatience);
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
};

const lastLines = (file: string): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-keptLogLines).join('\n');

/** Polls until the process is ready. Fails with the end of its log if the process exits or the deadline passes. */
export const untilReady = async (
  { name, logFile, hasExited }: Process,
  isReady: () => Promise<boolean>,
  deadlineMs: number,
): Promise<void> => {
  const endsAt = Date.now() + deadlineMs;
  for (;;) {
    if (hasExited()) throw new Error(`${name} exited before it was ready. Its last lines:\n${lastLines(logFile)}`);
    if (await isReady().catch(() => false)) return;
    if (Date.now() > endsAt) {
      throw new Error(`${name} was not ready after ${deadlineMs / 1000} s. Its last lines:\n${lastLines(logFile)}`);
    }
    await sleep(50);
  }
};
