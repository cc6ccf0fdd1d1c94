import { verifyPolicy } from '../../admission/policy-set.ts';
import { type TenantQuota, tenantQuota } from '../../api/tenant-quota.ts';
import { type WorkloadPolicy, workloadPolicy } from '../../api/workload-policy.ts';
import { mergePolicies } from '../../files/merge-policies.ts';
import { listPolicyFiles, maxPolicyFileBytes } from '../../files/policy-files.ts';
import { readTextFile } from '../../files/text-file.ts';
import { QuotaError } from '../../quota/rules/group.ts';
import { compileQuota, type Quota } from '../../quota/rules/quota.ts';
import { InputError } from '../../text/errors.ts';
import { fileProblem, formatProblem, type Problem } from '../../text/problem.ts';
import { type ReadObject, type ReadResult, readYaml } from '../../text/read-yaml.ts';

/** The policies and quotas of files and directories, each sorted by name. */
export type LoadedRules = { readonly policies: readonly WorkloadPolicy[]; readonly quotas: readonly Quota[] };

type RuleSchema = typeof workloadPolicy | typeof tenantQuota;
type Rule = WorkloadPolicy | TenantQuota;
type FileObject = { readonly file: string; readonly object: ReadObject<Rule> };

/** Policies and quotas may share a file or a directory. Throws InputError with every problem and its place. */
export function loadRules(paths: readonly string[]): Promise<LoadedRules> {
  return load(paths, [workloadPolicy, tenantQuota]);
}

/** The same for files that may hold policies only. */
export async function loadPolicies(paths: readonly string[]): Promise<readonly WorkloadPolicy[]> {
  return (await load(paths, [workloadPolicy])).policies;
}

async function load(paths: readonly string[], schemas: readonly RuleSchema[]): Promise<LoadedRules> {
  const objects: FileObject[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const listing = await listPolicyFiles(path);
    if (listing.kind === 'unlisted') problems.push(fileProblem(path, listing.message));
    for (const file of listing.kind === 'files' ? listing.files : []) {
      const read = await readRules(file, schemas);
      problems.push(...read.problems);
      objects.push(...read.objects.map((object) => ({ file, object })));
    }
  }
  const ofKind = (kind: Rule['kind']) => objects.filter(({ object }) => object.value?.kind === kind);
  const policies = mergePolicies(
    new Map(),
    ofKind('WorkloadPolicy').map(({ file, object }) => ({
      file,
      objects: [object as ReadObject<WorkloadPolicy>],
      problems: [],
    })),
    verifyPolicy,
  );
  const quotas = compileQuotas(ofKind('TenantQuota'), problems);
  problems.push(...policies.problems);
  if (problems.length > 0) throw new InputError(problems.map(formatProblem).join('\n'));
  return { policies: Array.from(policies.inForce.values(), ({ policy }) => policy).sort(byName), quotas };
}

const byName = (a: WorkloadPolicy, b: WorkloadPolicy): number => (a.metadata.name < b.metadata.name ? -1 : 1);

async function readRules(file: string, schemas: readonly RuleSchema[]): Promise<ReadResult<Rule>> {
  const text = await readTextFile(file, { maxBytes: maxPolicyFileBytes });
  if (text.kind !== 'text') return { objects: [], problems: [fileProblem(file, text.message)] };
  const read = readYaml(text.text, { file, schemas });
  const isEmpty = read.objects.length === 0 && read.problems.length === 0;
  return isEmpty ? { ...read, problems: [fileProblem(file, 'is empty; remove it, or put policies into it')] } : read;
}

function compileQuotas(objects: readonly FileObject[], problems: Problem[]): readonly Quota[] {
  const quotas = new Map<string, { quota: Quota; place: string }>();
  for (const { file, object } of objects) {
    const name = object.name ?? '';
    const earlier = quotas.get(name);
    if (earlier !== undefined) {
      const message = `quota ${name} is already defined at ${earlier.place}; rename or remove one of them`;
      problems.push(object.problemAt('metadata.name', message));
      continue;
    }
    try {
      const quota = compileQuota(object.value as TenantQuota);
      quotas.set(name, { quota, place: `${file}:${object.line}` });
    } catch (error) {
      if (!(error instanceof QuotaError)) throw error;
      problems.push(object.problemAt(error.field, error.message));
    }
  }
  return Array.from(quotas.values(), ({ quota }) => quota).sort((a, b) => (a.name < b.name ? -1 : 1));
}
