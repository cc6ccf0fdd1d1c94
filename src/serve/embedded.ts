import { join } from 'node:path';

/** The settings of `embedded`: the example policies and snapshot, on this machine only, to try gpugate. */
export function embeddedSettings(packageRoot: string): Record<string, unknown> {
  const examples = join(packageRoot, 'manifests/examples');
  return {
    host: '127.0.0.1',
    policies: [join(examples, 'policies')],
    snapshot: join(examples, 'snapshot.yaml'),
    certs: 'certs',
    drainSpread: '0s',
  };
}

const showAnswer =
  'node -p \'const r = JSON.parse(require("fs").readFileSync(0)).response; r.status?.message ?? Buffer.from(r.patch, "base64").toString()\'';

/** Two commands to paste: one pod is changed, the other is refused. */
export function firstRequests(port: number, caFile: string): string {
  const line = (path: string, review: string) =>
    `curl -sS --cacert ${caFile} -H 'Content-Type: application/json' --data @manifests/examples/reviews/${review}.json https://127.0.0.1:${port}${path} | ${showAnswer}`;
  return `
gpugate serves its example policies. In another terminal, in this directory:

  a mutation (the JSON Patch that the API server would apply):
  ${line('/mutate/pods', 'mutated')}

  a denial (what kubectl would print):
  ${line('/validate/gpu', 'refused')}

Ctrl-C ends it.

`;
}
