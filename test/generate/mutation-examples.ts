import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { workloadPolicySpec } from '../../src/api/workload-policy.ts';
import { lineDiff } from '../../src/cli/test-suites/line-diff.ts';
import { applyMutations, compileMutations } from '../../src/mutations/apply.ts';
import { applyPatch } from '../../src/mutations/apply.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import type { Examples } from './rule-examples.ts';

/** One example for each mutation: settings that use it alone, and a pod. */
export const mutationExamplesFolder = join(import.meta.dirname, 'mutation-examples');

/** Who creates the pods of the examples, and where. */
const subject = {
  user: { username: 'alice', groups: ['tenants'] },
  namespace: 'proj-a',
  namespaceLabels: { 'project-id': 'a' },
};

const example = z.strictObject({ policy: z.looseObject({}), object: z.looseObject({}) });

/** Blocks named `mutation ID`: what one mutation does to its example. */
export function mutationExamples(mutationIds: readonly string[], folder = mutationExamplesFolder): Examples {
  const ids = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));
  const problems = [
    ...ids.filter((id) => !mutationIds.includes(id)).map((id) => `${id}.yaml is an example of no mutation`),
    ...mutationIds.filter((id) => !ids.includes(id)).map((id) => `mutation ${id} has no example ${id}.yaml`),
  ];
  const blocks: Record<string, string> = {};
  for (const id of ids.filter((one) => mutationIds.includes(one))) {
    const { policy, object } = example.parse(parse(readFileSync(join(folder, `${id}.yaml`), 'utf8')));
    const compiled = compileMutations(workloadPolicySpec.parse(policy));
    const { patch, applied } = applyMutations(readPod(object), compiled, subject);
    if (applied.join() !== id)
      problems.push(`${id}.yaml shows ${applied.join(' and ') || 'no mutation'}, and not ${id}`);
    blocks[`mutation ${id}`] = render(policy, object, applyPatch(object, patch));
  }
  return { blocks, problems };
}

function render(policy: unknown, before: unknown, after: unknown): string {
  const diff = lineDiff(yaml(before), yaml(after)).join('\n');
  return `\`\`\`yaml\npolicy:\n${yaml(policy).trimEnd().replaceAll(/^/gm, '  ')}\n\`\`\`\n\n\`\`\`diff\n${diff.trimEnd()}\n\`\`\``;
}

const yaml = (value: unknown): string => stringify(value, { singleQuote: true, aliasDuplicateObjects: false });
