const quietLineEveryMs = 15_000; // few lines in a log file, one that moves in a terminal
const terminalLineEveryMs = 500;

export type BuildProgress = {
  /** How many packages there are. Those that an earlier build compiled are not reported as steps. */
  readonly expect: (packages: number) => void;
  /** A line of `go build -v`: a package that is being compiled, or a download. */
  readonly step: (line: string) => void;
  readonly end: () => void;
};

/** Shows on stderr that a build of several minutes is still running, and how far it is. */
export const startBuildProgress = (name: string): BuildProgress => {
  const terminal = process.stderr.isTTY;
  const startedAt = Date.now();
  let packages: number | undefined;
  let compiled = 0;
  let latest = 'reading the module';

  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const line = () => `${name}: ${seconds()} s, ${compiled} of ${packages ?? '?'} packages, ${latest}`;
  const show = () => {
    process.stderr.write(terminal ? `\r\u001B[K${line().slice(0, process.stderr.columns - 1)}` : `${line()}\n`);
  };
  process.stderr.write(`${name}: building it with Go; this takes some minutes, once\n`);
  const timer = setInterval(show, terminal ? terminalLineEveryMs : quietLineEveryMs);

  return {
    expect(total) {
      packages = total;
    },
    step(news) {
      latest = news;
      if (!news.startsWith('go: ')) compiled += 1;
    },
    end() {
      clearInterval(timer);
      process.stderr.write(`${terminal ? '\r\u001B[K' : ''}${name}: build ended after ${seconds()} s\n`);
    },
  };
};
