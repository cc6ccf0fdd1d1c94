import { ledgerName, type QuotaLedger } from '../../../api/quota-ledger.ts';
import { isOfNewerForm, parseLedger } from '../../../quota/ledger/ledger-state.ts';
import { problem, ok, warning, type Check } from '../check.ts';
import { readAll, readIfThere } from '../read-objects.ts';

/** Half of the largest object that etcd takes. A reservation has about 200 bytes. */
const largeBytes = 750_000;

const wait = 'Wait a minute. Until then, GPU pods that a quota may charge are undecided.';

/** The reservations of pods that are admitted but not visible yet. */
export const ledger: Check = {
  id: 'ledger',
  look: async ({ client }) => {
    const quotas = await readAll<object>(client, '/apis/gpugate.dev/v1alpha1/tenantquotas?limit=1');
    const stored = await readIfThere<QuotaLedger>(client, `/apis/gpugate.dev/v1alpha1/quotaledgers/${ledgerName}`);
    if (stored === undefined) {
      return quotas.length === 0
        ? [ok('there are no quotas, so no ledger is needed')]
        : [warning('there are quotas but no ledger', 'Is gpugate running? It creates the ledger.')];
    }
    const state = parseLedger(stored.spec.data);
    if (state === undefined && isOfNewerForm(stored.spec.data)) {
      const how = `Finish the upgrade. After a rollback: kubectl delete quotaledger ${ledgerName}. ${wait}`;
      return [problem('a newer version of gpugate wrote it; older replicas are not ready', how)];
    }
    if (state === undefined) {
      return [problem('gpugate did not write its contents', `Is gpugate running? It repairs this. ${wait}`)];
    }
    const system = await readIfThere<{ metadata: { uid: string } }>(client, '/api/v1/namespaces/kube-system');
    if (system !== undefined && state.cluster !== system.metadata.uid) {
      return [problem('it belongs to another cluster', `Is gpugate running? It rebuilds the ledger. ${wait}`)];
    }
    if (!state.isSettled) return [problem('it was lost and is being rebuilt', wait)];
    const { length } = stored.spec.data;
    const what = `settled, ${state.reservations.length} reservations, ${length} bytes`;
    return length > largeBytes
      ? [
          warning(
            what,
            'Pods are admitted but never appear: find the webhook or quota that refuses them after gpugate.',
          ),
        ]
      : [ok(what)];
  },
};
