import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createLog, type Log, type LogLevel } from '../../src/telemetry/log.ts';

const directory = mkdtempSync(join(tmpdir(), 'gpugate-log-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What a log wrote, line by line. */
function record(write: (log: Log) => void, level: LogLevel = 'debug'): string[] {
  const chunks: string[] = [];
  const destination = { write: (line: string) => void chunks.push(line) };
  write(createLog({ level, destination, clock: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) }));
  return chunks.join('').split('\n').slice(0, -1);
}

const parse = (line: string | undefined): Record<string, unknown> => JSON.parse(line ?? '') as Record<string, unknown>;

describe('a line', () => {
  test('is JSON with level, time, message and fields', () => {
    const lines = record((log) => log.warn('draining', { connections: 3 }));
    expect(lines).toEqual(['{"level":"warn","time":"2026-01-02T03:04:05.678Z","connections":3,"msg":"draining"}']);
  });

  test('needs no fields', () => {
    expect(record((log) => log.info('ready'))).toEqual([
      '{"level":"info","time":"2026-01-02T03:04:05.678Z","msg":"ready"}',
    ]);
  });

  test('of a request has the same form', () => {
    const [line, empty] = record((log) => {
      log.info('request', { webhook: 'gpu.validate', policies: ['platform'], cause: undefined });
      log.info('request', {});
    });
    expect(parse(line)).toEqual({
      level: 'info',
      time: '2026-01-02T03:04:05.678Z',
      msg: 'request',
      webhook: 'gpu.validate',
      policies: ['platform'],
    });
    expect(parse(empty)).toMatchObject({ msg: 'request' });
  });
});

test('a request with fields that JSON cannot hold is logged all the same', () => {
  const circle: Record<string, unknown> = { uid: 'u1' };
  circle['self'] = circle;
  const [line] = record((log) => log.info('request', circle));
  expect(parse(line)).toMatchObject({ msg: 'request', uid: 'u1' });
});

describe('a level', () => {
  const all = (log: Log): void => {
    log.debug('1');
    log.info('2');
    log.info('request', {});
    log.warn('3');
    log.error('4');
  };
  test.each([
    ['debug', ['1', '2', 'request', '3', '4']],
    ['info', ['2', 'request', '3', '4']],
    ['warn', ['3', '4']],
    ['error', ['4']],
    ['silent', []],
  ] as const)('%s lets through %j', (level, expected) => {
    expect(record(all, level).map((line) => parse(line)['msg'])).toEqual(expected);
  });
});

describe('an error', () => {
  test('carries its message, its stack, its code and its causes', () => {
    const cause = Object.assign(new TypeError('no such file'), { code: 'ENOENT' });
    const [line] = record((log) => log.error('it failed', { error: new Error('cannot start', { cause }), uid: 'u1' }));
    expect(parse(line)).toMatchObject({
      uid: 'u1',
      error: {
        type: 'Error',
        message: 'cannot start',
        stack: expect.stringContaining('log.test.ts'),
        cause: { type: 'TypeError', message: 'no such file', code: 'ENOENT', stack: expect.any(String) },
      },
    });
  });

  test('is found in any field', () => {
    const [line] = record((log) => log.warn('it failed', { first: new Error('a'), second: new RangeError('b') }));
    expect(parse(line)).toMatchObject({ first: { message: 'a' }, second: { type: 'RangeError', message: 'b' } });
  });

  test('that is its own cause, or has a strange one, ends', () => {
    const circular = new Error('round');
    circular.cause = circular;
    const big = new Error('big', { cause: 10n });
    const [first, second] = record((log) => {
      log.error('it failed', { error: circular });
      log.error('it failed', { error: big });
    });
    expect(first).toContain('round');
    expect(parse(second)).toMatchObject({ error: { cause: 'a value that cannot be shown' } });
  });
});

describe('no value forges a line', () => {
  const forged = '"}\n{"level":"error","msg":"forged"}\r\n\u001b[2J\u0085\u009b31m\u2028x\u2029\u0000\u007f\ud800';
  const writers: Record<string, (log: Log) => void> = {
    'in a field': (log) => log.info('ready', { name: forged }),
    'in a message': (log) => log.info(forged),
    'in a nested field': (log) => log.info('ready', { names: [{ name: forged }] }),
    'in a key': (log) => log.info('ready', { [forged]: 1 }),
    'in an error': (log) => log.error('failed', { error: new Error(forged) }),
    'in a request': (log) => log.info('request', { name: forged, names: [forged] }),
  };
  test.each(Object.entries(writers))('%s', (_name, write) => {
    const lines = record(write);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
    expect(JSON.stringify(parse(lines[0]))).toContain('forged');
  });

  test('and what was escaped reads back the same', () => {
    const value = 'tab\t line\n csi\u009b sep\u2028 end';
    expect(parse(record((log) => log.info('a', { value }))[0])['value']).toBe(value);
    expect(parse(record((log) => log.info('request', { value }))[0])['value']).toBe(value);
  });
});

describe('a buffered log', () => {
  const run = (script: string) => {
    const module = new URL('../../src/telemetry/log.ts', import.meta.url).href;
    return spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `import { createLog } from ${JSON.stringify(module)};\n${script}`],
      { encoding: 'utf8' },
    );
  };
  const messages = (text: string): unknown[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => parse(line)['msg']);

  const endings: Record<string, string> = {
    'when the process ends by itself': '',
    'when the process exits': 'process.exit(0);',
    'when the process fails': 'throw new Error("a bug");',
    'when it is flushed before a kill': 'log.flush(); process.kill(process.pid, "SIGKILL");',
  };
  test.each(Object.entries(endings))('loses nothing %s', (_name, ending) => {
    const script = `const log = createLog({ level: 'info' });
      setTimeout(() => { log.info('first'); log.info('request', { a: 1 }); log.error('last'); ${ending} }, 20);`;
    expect(messages(run(script).stdout)).toEqual(['first', 'request', 'last']);
  });

  test('writes thousands of lines whole and in order', () => {
    const script = `const log = createLog({ level: 'info' });
      for (let i = 0; i < 5000; i++) log.info('request', { i });`;
    const { stdout } = run(script);
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => parse(line)['i']),
    ).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  test('shows a line of a quiet process before it ends', async () => {
    const path = join(directory, 'quiet.log');
    const log = createLog({ level: 'info', destination: path });
    log.info('here');
    await expect.poll(() => readFile(path, 'utf8')).toContain('"msg":"here"');
  });

  test('survives a reader that is gone', () => {
    const module = new URL('../../src/telemetry/log.ts', import.meta.url).href;
    const script = `import { createLog } from ${JSON.stringify(module)};
      const log = createLog({ level: 'info' });
      let i = 0; const t = setInterval(() => { log.info('request', { text: 'x'.repeat(5000) });
        if (++i === 50) { clearInterval(t); process.stderr.write('alive'); } }, 2);`;
    const { stderr } = spawnSync(
      'sh',
      ['-c', '"$0" --input-type=module -e "$1" | head -c 10 > /dev/null', process.execPath, script],
      { encoding: 'utf8' },
    );
    expect(stderr).toMatch(/alive$/);
  });

  test('drops lines rather than memory when its reader sleeps, and says how many', () => {
    const module = new URL('../../src/telemetry/log.ts', import.meta.url).href;
    const script = `import { createLog } from ${JSON.stringify(module)};
      const log = createLog({ level: 'info' });
      const text = 'x'.repeat(1000);
      for (let i = 0; i < 20_000; i++) log.info('request', { text });
      setTimeout(() => log.info('last'), 2500);`;
    const { stdout } = spawnSync(
      'sh',
      ['-c', '"$0" --input-type=module -e "$1" | (sleep 1; cat)', process.execPath, script],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const lines = stdout.split('\n').slice(0, -1).map(parse);
    const told = lines.filter(({ msg }) => msg === 'the log was read too slowly: lines were dropped');
    const written = lines.filter(({ msg }) => msg === 'request').length;
    expect(written + told.reduce((sum, line) => sum + Number(line['lines']), 0)).toBe(20_000);
    expect(written).toBeLessThan(10_000);
    expect(lines.at(-1)?.['msg']).toBe('last');
  });

  test('goes on when the disk is full, and says so once', () => {
    const { stderr, stdout } = run(
      `const log = createLog({ level: 'info', destination: '/dev/full' });
       const t = setInterval(() => log.info('a'), 10);
       setTimeout(() => { clearInterval(t); console.log('alive'); }, 500);`,
    );
    expect(stderr).toMatch(/^gpugate: the log cannot be written: ENOSPC.*\n$/);
    expect(stdout).toBe('alive\n');
  });

  test('whose file cannot be opened fails at once with a sentence', () => {
    expect(() => createLog({ level: 'info', destination: '/nonexistent/a.log' })).toThrow(
      /^cannot open the log file \(ENOENT: .*\): choose another, or none for standard output\.$/,
    );
  });
});
