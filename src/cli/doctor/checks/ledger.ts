import { ledgerName, type QuotaLedger } from '../../../api/quota-ledger.ts';
import { isOfNewerForm, parseLedger } from '../../../quota/ledger/ledger-state.ts';
import { fault, ok, warning, type Check } from '../check.ts';
import { readAll, readIfThere } from '../read-objects.ts';

/** Half of what etcd takes of one object; each reservation is some 200 bytes. */
const largeBytes = 750_000;

const wait = 'Wait a minute: GPU pods that a quota may charge are undecided until then.';

/** The reservations of pods that are admitted and not visible yet. */
export const ledger: Check = {
  id: 'ledger',
  look: async ({ client }) => {
    const quotas = await readAll<object>(client, '/apis/gpugate.dev/v1alpha1/tenantquotas?limit=1');
    const stored = await readIfThere<QuotaLedger>(client, `/apis/gpugate.dev/v1alpha1/quotaledgers/${ledgerName}`);
    if (stored === undefined) {
      return quotas.length === 0
        ? [ok('there are no quotas, and no ledger is needed')]
        : [warning('there is no ledger although there are quotas', 'Is a gpugate running? It makes the ledger anew.')];
    }
    const state = parseLedger(stored.spec.data);
    if (state === undefined && isOfNewerForm(stored.spec.data)) {
      const how = `Finish the upgrade; after a rollback: kubectl delete quotaledger ${ledgerName}. ${wait}`;
      return [fault('it is of a newer gpugate than this one, and older replicas are not Ready', how)];
    }
    if (state === undefined) {
      return [fault('it holds something that gpugate did not write', `Is a gpugate running? It mends this. ${wait}`)];
    }
    const system = await readIfThere<{ metadata: { uid: string } }>(client, '/api/v1/namespaces/kube-system');
    if (system !== undefined && state.cluster !== system.metadata.uid) {
      return [fault('it is the ledger of another cluster', `Is a gpugate running? It makes it anew. ${wait}`)];
    }
    if (!state.isSettled) return [fault('it was lost, and is being made anew', wait)];
    const { length } = stored.spec.data;
    const what = `settled, ${state.reservations.length} reservations, ${length} bytes`;
    return length > largeBytes
      ? [warning(what, 'Pods are admitted and do not appear: see which webhook or quota refuses them after gpugate.')]
      : [ok(what)];
  },
};
