import { isDeepStrictEqual } from 'node:util';
import { customResourceDefinitions, type CustomResourceDefinition } from '../../../api/crd.ts';
import { problem, ok, warning, type Check, type Finding } from '../check.ts';
import { readIfThere } from '../read-objects.ts';

type Installed = CustomResourceDefinition & {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

const mend = 'Apply them: gpugate manifests crds | kubectl apply -f -';

/** Without its CRDs gpugate has no policies, no quotas and no ledger. */
export const definitions: Check = {
  id: 'definitions',
  look: ({ client }) =>
    Promise.all(
      customResourceDefinitions().map(async (wanted) => {
        const { name } = wanted.metadata;
        const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
        return judge(wanted, await readIfThere<Installed>(client, path));
      }),
    ),
};

function judge(wanted: CustomResourceDefinition, installed: Installed | undefined): Finding {
  const { name } = wanted.metadata;
  if (installed === undefined) return problem(`${name}: is not installed`, mend);
  const isEstablished = installed.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  if (isEstablished !== true) {
    return problem(`${name}: the API server does not serve it`, `The reason: kubectl describe crd ${name}`);
  }
  const schemasOf = ({ spec }: CustomResourceDefinition) =>
    spec.versions.map((version) => [version.name, version.schema.openAPIV3Schema]);
  return isDeepStrictEqual(schemasOf(wanted), schemasOf(installed))
    ? ok(`${name}: installed, same version`)
    : warning(`${name}: is from another version of gpugate and may refuse or drop fields of this one`, mend);
}
