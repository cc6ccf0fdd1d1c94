import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ownerOnly = { mode: 0o600 };

export type Credentials = {
  /** Bearer token of an admin in system:masters. */
  token: string;
  tokenFile: string;
  /** Signs the tokens of service accounts. */
  serviceAccountKeyFile: string;
  kubeconfig: string;
};

/** Writes the credentials of the API server and its clients. The kubeconfig is JSON, which is also YAML. */
export const writeCredentials = async (dataDir: string, server: string, caFile: string): Promise<Credentials> => {
  const token = randomBytes(24).toString('hex');
  const tokenFile = join(dataDir, 'tokens.csv');
  await writeFile(tokenFile, `${token},admin,admin,system:masters\n`, ownerOnly);

  const serviceAccountKeyFile = join(dataDir, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' }, // the API server reads the public key from this form too
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
