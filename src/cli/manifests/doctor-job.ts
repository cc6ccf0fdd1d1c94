import {
  appName,
  doctorLabels,
  doctorName,
  labels,
  type InstallSettings,
  type ManifestObject,
} from './install-settings.ts';
import { placement } from './placement.ts';
import { containerSecurityContext, podSecurityContext } from './pod-security.ts';

/**
 * Read by Helm, and by Argo CD; to kubectl they say nothing. The Job before goes first, since a Job cannot be changed.
 */
const hooks = {
  'helm.sh/hook': 'post-install,post-upgrade',
  'helm.sh/hook-delete-policy': 'before-hook-creation',
};

/** After 10, 30, 70 and 150 s once more: until then, replicas have been pulled, and are ready. */
const attempts = { backoffLimit: 4 };
/** Helm waits for 5 minutes at most, and then says nothing of what was found. */
const activeDeadlineSeconds = 280;
/** Long enough to read its log; and `kubectl apply` of another image works again. */
const ttlSecondsAfterFinished = 600;

/** Node with all that it imports: 120 MiB, and a few answers of the API server. */
const resources = { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } };

/** `gpugate doctor`, from where the replicas and the names of the cluster can be reached. A fault fails the Job. */
export function doctorJob(settings: InstallSettings): ManifestObject {
  const { namespace, image, certificates } = settings;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: doctorName, namespace, labels: { ...labels, ...doctorLabels }, annotations: hooks },
    spec: {
      ...attempts,
      activeDeadlineSeconds,
      ttlSecondsAfterFinished,
      template: {
        metadata: { labels: { ...labels, ...doctorLabels } },
        spec: {
          // Each attempt is a pod of its own, whose log stays.
          restartPolicy: 'Never',
          serviceAccountName: doctorName,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          ...placement(settings),
          securityContext: podSecurityContext,
          containers: [
            {
              name: appName,
              image,
              args: ['doctor', '--namespace', namespace, '--certificates', certificates],
              resources,
              securityContext: containerSecurityContext,
            },
          ],
        },
      },
    },
  };
}
