import { stringify } from 'yaml';
import { customResourceDefinitions } from '../../api/crd.ts';
import { certManagerObjects, injectAuthority } from './issued-certificates.ts';
import { deployment, disruptionBudget } from './deployment.ts';
import { doctorJob } from './doctor-job.ts';
import { appName, doctorName, type InstallSettings, type ManifestObject } from './install-settings.ts';
import { monitoringObjects } from './monitoring.ts';
import { namespaceObject, priorityQuota, serviceAccount } from './namespace.ts';
import { networkPolicy, service, servicePort } from './network.ts';
import { doctorRoles, roles } from './roles.ts';
import { webhookConfigurations } from './webhook-configurations.ts';

/**
 * Every object of an installation, in the order in which they can be created. The manifests of the repository, the Helm
 * chart and `gpugate manifests install` are all generated from this.
 */
export function installObjects(settings: InstallSettings): readonly ManifestObject[] {
  const { namespace, certificates, caBundle, kinds, podsFailurePolicy, monitoring, doctor } = settings;
  const isInjected = certificates === 'cert-manager';
  return [
    namespaceObject(settings),
    ...customResourceDefinitions(),
    serviceAccount(appName, settings),
    ...roles(settings),
    service(settings),
    networkPolicy(settings),
    disruptionBudget(settings),
    priorityQuota(settings),
    ...(isInjected ? certManagerObjects(settings) : []),
    deployment(settings),
    ...(monitoring ? monitoringObjects(settings) : []),
    ...(doctor ? [serviceAccount(doctorName, settings), ...doctorRoles(settings), doctorJob(settings)] : []),
    // Last, because from here on the API server calls gpugate.
    ...webhookConfigurations({
      client: { service: { namespace, name: appName, port: servicePort } },
      namespace,
      kinds,
      podsFailurePolicy,
      ...(certificates === 'files' ? { caBundle } : {}),
      ...(isInjected ? { annotations: injectAuthority(settings) } : {}),
    }),
  ];
}

/**
 * One YAML document after the other, without anchors and with every string on one line. Strings that YAML 1.1 would read as
 * something else are quoted, because kubectl reads a bare Off as false.
 */
export function yamlOf(objects: readonly object[]): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const;
  return objects.map((object) => stringify(object, options)).join('---\n');
}
