import { verifyPolicy } from '../admission/policy-set.ts';
import { type Problem, formatProblem } from '../text/problem.ts';
import { type ReadObject, type ReadResult, readYaml } from '../text/read-yaml.ts';
import { type TenantQuota, tenantQuota } from '../api/tenant-quota.ts';
import { type WorkloadPolicy, workloadPolicy } from '../api/workload-policy.ts';
import { mergePolicies } from '../files/merge-policies.ts';
import { listPolicyFiles, maxPolicyFileBytes } from '../files/policy-files.ts';
import { readTextFile } from '../files/text-file.ts';
import { QuotaError } from '../quota/rules/group.ts';
import { compileQuota, type Quota } from '../quota/rules/quota.ts';
import { InputError } from './input-error.ts';

/** What files and directories put in force: policies and quotas, each in order of their names. */
export type LoadedRules = { readonly policies: readonly WorkloadPolicy[]; readonly quotas: readonly Quota[] };

type Rule = WorkloadPolicy | TenantQuota;
type FileObject = { readonly file: string; readonly object: ReadObject<Rule> };

/** Policies and quotas may stand side by side. Throws InputError with every problem, each with file, line and field. */
export async function loadRules(paths: readonly string[]): Promise<LoadedRules> {
  const objects: FileObject[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const listing = await listPolicyFiles(path);
    if (listing.kind === 'unlisted') problems.push(problemOf(path, listing.message));
    for (const file of listing.kind === 'files' ? listing.files : []) {
      const read = await readRules(file);
      problems.push(...read.problems);
      objects.push(...read.objects.map((object) => ({ file, object })));
    }
  }
  const ofKind = (kind: Rule['kind']) => objects.filter(({ object }) => object.value?.kind === kind);
  const merged = mergePolicies(
    new Map(),
    ofKind('WorkloadPolicy').map(({ file, object }) => ({
      file,
      objects: [object as ReadObject<WorkloadPolicy>],
      problems: [],
    })),
    verifyPolicy,
  );
  const quotas = compileQuotas(ofKind('TenantQuota'), problems);
  problems.push(...merged.problems);
  if (problems.length > 0) throw new InputError(problems.map(formatProblem).join('\n'));
  return { policies: Array.from(merged.inForce.values(), ({ policy }) => policy).sort(byName), quotas };
}

const byName = (a: WorkloadPolicy, b: WorkloadPolicy): number => (a.metadata.name < b.metadata.name ? -1 : 1);

async function readRules(file: string): Promise<ReadResult<Rule>> {
  const text = await readTextFile(file, { maxBytes: maxPolicyFileBytes });
  if (text.kind !== 'text') return { objects: [], problems: [problemOf(file, text.message)] };
  const read = readYaml(text.text, { file, schemas: [workloadPolicy, tenantQuota] });
  const isEmpty = read.objects.length === 0 && read.problems.length === 0;
  return isEmpty
    ? { ...read, problems: [problemOf(file, 'is empty; remove the file, or put policies into it')] }
    : read;
}

function compileQuotas(objects: readonly FileObject[], problems: Problem[]): readonly Quota[] {
  const quotas = new Map<string, { quota: Quota; place: string }>();
  for (const { file, object } of objects) {
    const name = object.name ?? '';
    const earlier = quotas.get(name);
    if (earlier !== undefined) {
      problems.push(
        object.problemAt(
          'metadata.name',
          `quota ${name} is already defined at ${earlier.place}; rename or remove one of them`,
        ),
      );
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

function problemOf(file: string, message: string): Problem {
  return { file, line: 1, column: 1, field: '', message };
}
