import { labels, servingSecret, type InstallSettings, type ManifestObject } from './install-settings.ts';
import { serviceName } from './network.ts';

const apiVersion = 'cert-manager.io/v1';
const authority = 'gpugate-ca';
const selfSigned = 'gpugate-selfsigned';

/** As for the certificates that gpugate issues itself without a cluster: 5 years, and 30 days renewed after 20. */
const authorityLife = '43800h';
const servingLife = '720h';
const servingRenewBefore = '240h';

const privateKey = { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' };

/** Tells cert-manager to write the CA of this Certificate into every caBundle of the object. */
export function injectAuthority({ namespace }: InstallSettings): Readonly<Record<string, string>> {
  return { 'cert-manager.io/inject-ca-from': `${namespace}/${servingSecret}` };
}

/** An authority in the namespace of gpugate, and the serving certificate that it signs. */
export function certManagerObjects({ namespace }: InstallSettings): readonly ManifestObject[] {
  const object = (kind: string, name: string, spec: object): ManifestObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace, labels },
    spec,
  });
  return [
    object('Issuer', selfSigned, { selfSigned: {} }),
    object('Certificate', authority, {
      isCA: true,
      commonName: authority,
      secretName: authority,
      duration: authorityLife,
      privateKey: { ...privateKey, rotationPolicy: 'Never' }, // a new key would cut off clients that trust the old one
      issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: selfSigned },
    }),
    object('Issuer', authority, { ca: { secretName: authority } }),
    object('Certificate', servingSecret, {
      secretName: servingSecret,
      dnsNames: [serviceName(namespace)],
      duration: servingLife,
      renewBefore: servingRenewBefore,
      usages: ['digital signature', 'server auth'],
      privateKey,
      issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: authority },
    }),
  ];
}
