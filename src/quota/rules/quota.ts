import type { TenantQuota } from '../../api/tenant-quota.ts';
import { parseAmounts, type Amounts } from './amounts.ts';
import { compileUnitRates, createChargeOf, type ChargeOf } from './charge.ts';
import { compileGroupOf, type GroupOf } from './group.ts';

/** A TenantQuota with everything that depends on it alone computed once, when it is read. */
export type Quota = {
  readonly name: string;
  readonly groupOf: GroupOf;
  /** Pod label that decides the group, which the view must keep of every pod. */
  readonly podLabel: string | undefined;
  readonly chargeOf: ChargeOf;
  readonly enforcement: 'Deny' | 'Warn' | 'Audit';
  readonly hardOf: (group: string) => Amounts;
};

/** Throws QuotaError for a setting that the schema cannot check. */
export function compileQuota({ metadata, spec }: TenantQuota): Quota {
  const hard = parseAmounts(spec.hard);
  const overrides = new Map(
    spec.overrides.map((override): [string, Amounts] => [
      override.group,
      new Map([...hard, ...parseAmounts(override.hard)]),
    ]),
  );
  return {
    name: metadata.name,
    groupOf: compileGroupOf(spec),
    podLabel: spec.scope.groupBy?.podLabel,
    chargeOf: createChargeOf(compileUnitRates(spec.unitRates)),
    enforcement: spec.enforcement,
    hardOf: (group) => overrides.get(group) ?? hard,
  };
}
