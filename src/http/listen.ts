import type { AddressInfo, Server } from 'node:net';

export type Listening = { readonly host: string; readonly port: number };

export type ListenOptions = {
  /** All addresses of the machine when absent. */
  readonly host?: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
};

const advice: Readonly<Record<string, (where: string) => string>> = {
  EADDRINUSE: (where) => `${where} is in use by another process: end it or choose another port.`,
  EACCES: (where) => `no permission to listen on ${where}: choose a port above 1023 or grant NET_BIND_SERVICE.`,
  EADDRNOTAVAIL: (where) => `${where} is not an address of this machine: choose one that is, or 0.0.0.0 for all.`,
  ENOTFOUND: (where) => `the name in ${where} cannot be resolved: give an IP address.`,
};

/** Resolves with the address once the server listens. Rejects with a sentence that says what to do. */
export function listen(server: Server, wanted: ListenOptions): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const where = wanted.host === undefined ? `port ${wanted.port}` : `${wanted.host}:${wanted.port}`;
      const sentence = advice[error.code ?? '']?.(where) ?? `cannot listen on ${where}: ${error.message}`;
      reject(new Error(sentence, { cause: error }));
    };
    server.once('error', refuse);
    server.listen(wanted.port, wanted.host, () => {
      server.off('error', refuse);
      const address = server.address() as AddressInfo;
      resolve({ host: address.address, port: address.port });
    });
  });
}
