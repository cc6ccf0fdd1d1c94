import {
  appName,
  doctorLabels,
  doctorName,
  labels,
  type InstallSettings,
  type ManifestObject,
} from './install-settings.ts';
import { containerSecurityContext, placement, podSecurityContext } from './pod-fields.ts';

/**
 * For Helm and Argo CD; kubectl ignores them. The previous Job is deleted first, because a Job cannot be changed.
 */
const hooks = {
  'helm.sh/hook': 'post-install,post-upgrade',
  'helm.sh/hook-delete-policy': 'before-hook-creation',
};

/** Tries again after 10, 30, 70 and 150 s. By then the image is pulled and the replicas are ready. */
const attempts = { backoffLimit: 4 };
/** Helm waits at most 5 minutes, and after that prints nothing of what was found. */
const activeDeadlineSeconds = 280;
/** Long enough to read its log. After that, `kubectl apply` with another image works again. */
const ttlSecondsAfterFinished = 600;

/** Node with everything that it imports takes 120 MiB; the rest is for responses of the API server. */
const resources = { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } };

/** `gpugate doctor` inside the cluster, where it can reach Services and replicas. A problem fails the Job. */
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
          // Each attempt is a new pod, so that its log stays.
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
