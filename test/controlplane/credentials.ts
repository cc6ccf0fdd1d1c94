import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ownerOnly = { mode: 0o600 };

export type Credentials = {
  /** The bearer token of an admin in system:masters. */
  token: string;
  tokenFile: string;
  /** Signs the tokens of service accounts. */
  serviceAccountKeyFile: string;
  kubeconfig: string;
};

/** Writes what the API server and its clients authenticate with. The kubeconfig is JSON, which is YAML too. */
export const writeCredentials = async (dataDir: string, server: string, caFile: string): Promise<Credentials> => {
  const token = randomBytes(24).toString('hex');
  const tokenFile = join(dataDir, 'tokens.csv');
  await writeFile(tokenFile, `${token},admin,admin,system:masters\n`, ownerOnly);

  const serviceAccountKeyFile = join(dataDir, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' }, // a form of which the API server reads the public half too
  });
  await writeFile(serviceAccountKeyFile, privateKey, ownerOnly);

  const kubeconfig = join(dataDir, 'kubeconfig');
  const name = 'gpugate-test';
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writeFile(kubeconfig, `${JSON.stringify(content, undefined, 2)}\n`, ownerOnly);
  return { token, tokenFile, serviceAccountKeyFile, kubeconfig };
};
