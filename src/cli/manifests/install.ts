import { customResourceDefinitions } from '../../api/crd.ts';
import { certManagerObjects, injectAuthority } from './issued-certificates.ts';
import { deployment, disruptionBudget, priorityQuota } from './deployment.ts';
import { doctorJob } from './doctor-job.ts';
import { appName, doctorName, type InstallSettings, type ManifestObject } from './install-settings.ts';
import { monitoringObjects } from './monitoring.ts';
import { namespaceObject, serviceAccount } from './namespace.ts';
import { networkPolicy, service, servicePort } from './network.ts';
import { doctorRoles, roles } from './roles.ts';
import { webhookConfigurations } from './webhook-configurations.ts';

/**
 * Every object of an installation, in the order in which they can be created. The manifests of the repository, the Helm
 * chart and `gpugate manifests install` are all made from this.
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
    // Last: from here on the API server asks.
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
