import { dirname } from 'node:path';

const examples = 'manifests/examples/pods';

/** What to paste once everything is up. */
export function firstTries(kubeconfig: string, kubectl: string): string {
  return `
Ready. In another terminal:

  export KUBECONFIG=${kubeconfig}
  export PATH=${dirname(kubectl)}:$PATH

A pod that gpugate fills in (labels, defaults, MPS settings):

  kubectl create --as=alice --as-group=tenants --dry-run=server -o yaml -f ${examples}/shared-gpu.yaml

A pod that it refuses, with every reason at once:

  kubectl create --as=alice --as-group=tenants -f ${examples}/refused.yaml

A pod that touches no GPU and breaks no rule:

  kubectl create --as=alice --as-group=tenants -n proj-a -f ${examples}/no-gpu.yaml

Ctrl-C ends it all.
`;
}
