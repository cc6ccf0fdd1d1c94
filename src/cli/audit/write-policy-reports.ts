import { ApiError, ifFound } from '../../cluster/client/api-error.ts';
import type { ApiClient } from '../../cluster/client/client.ts';
import { reportGroupVersion, reportLabels, reportName, type PolicyReport } from './policy-report.ts';

export type WrittenReports = { readonly written: number; readonly removed: number };

/** The API server records this name as the owner of the fields. */
const fieldManager = 'gpugate-audit';

type Stored = {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
};

/**
 * Writes reports by server-side apply, and deletes those of ours that have become empty. A report that somebody else
 * made under our name is neither taken over nor deleted. Throws an ApiError that says what to do.
 */
export async function writePolicyReports(
  client: Pick<ApiClient, 'request'>,
  reports: readonly PolicyReport[],
): Promise<WrittenReports> {
  const ours = new Set<string>();
  for (const plural of ['policyreports', 'clusterpolicyreports']) {
    for (const { metadata } of await listOurs(client, plural)) ours.add(pathOf(plural, metadata.namespace));
  }
  const wanted = new Set<string>();
  for (const report of reports) {
    const plural = report.kind === 'PolicyReport' ? 'policyreports' : 'clusterpolicyreports';
    const path = pathOf(plural, report.metadata.namespace);
    wanted.add(path);
    await apply(client, { path, report, isOurs: ours.has(path) });
  }
  const stale = [...ours].filter((path) => !wanted.has(path));
  for (const path of stale) await ifFound(client.request({ method: 'DELETE', path }));
  return { written: reports.length, removed: stale.length };
}

async function listOurs(client: Pick<ApiClient, 'request'>, plural: string): Promise<readonly Stored[]> {
  const labelSelector = Object.entries(reportLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const path = `/apis/${reportGroupVersion}/${plural}?${new URLSearchParams({ labelSelector }).toString()}`;
  const list = (await ifFound(client.request({ method: 'GET', path }))) as { items: readonly Stored[] } | undefined;
  if (list === undefined) {
    throw new ApiError(
      `the cluster serves no ${plural}.wgpolicyk8s.io in version v1alpha2. Install the CRDs of the policy working group (kubernetes-sigs/wg-policy-prototypes), or remove --apply.`,
      { status: 404 },
    );
  }
  return list.items.filter(({ metadata }) => metadata.name === reportName);
}

type Apply = { readonly path: string; readonly report: PolicyReport; readonly isOurs: boolean };

async function apply(client: Pick<ApiClient, 'request'>, { path, report, isOurs }: Apply): Promise<void> {
  // Our own reports are overwritten, even if somebody edited them; reports of others are a conflict.
  const query = new URLSearchParams({ fieldManager, fieldValidation: 'Strict', ...(isOurs ? { force: 'true' } : {}) });
  try {
    await client.request({
      method: 'PATCH',
      path: `${path}?${query.toString()}`,
      body: report,
      contentType: 'application/apply-patch+yaml',
    });
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isConflict) throw error;
    const { namespace } = report.metadata;
    const place = namespace === undefined ? '' : ` -n ${namespace}`;
    throw new ApiError(
      `${report.kind} ${reportName} belongs to somebody else and was not changed. Delete it (kubectl delete ${report.kind.toLowerCase()} ${reportName}${place}) and run this again. ${error.message}`,
      { status: error.status, reason: error.reason },
    );
  }
}

function pathOf(plural: string, namespace: string | undefined): string {
  const base = `/apis/${reportGroupVersion}`;
  return namespace === undefined
    ? `${base}/${plural}/${reportName}`
    : `${base}/namespaces/${namespace}/${plural}/${reportName}`;
}
