import { ApiError, apiErrorOf } from '../../../src/cluster/client/api-error.ts';
import type { ApiRequest } from '../../../src/cluster/client/client.ts';
import type { Check, DoctorContext } from '../../../src/cli/doctor/check.ts';

/** An answer, or the status that refuses it. */
export type Answers = Readonly<Record<string, object | number>>;

type Posted = { readonly path: string; readonly body: unknown };

/** An API server that has these objects, by their paths without the query; all other paths are 404. */
export function fakeCluster(answers: Answers, answerPost: (posted: Posted) => object | number = () => 404) {
  const request = (line: ApiRequest): Promise<unknown> => {
    const [path = ''] = line.path.split('?');
    const answer = line.method === 'POST' ? answerPost({ path, body: line.body }) : (answers[path] ?? 404);
    return typeof answer === 'number' ? Promise.reject(apiErrorOf(line, answer, '')) : Promise.resolve(answer);
  };
  return { request };
}

export const unreachable = {
  request: () => Promise.reject(new ApiError('connect ECONNREFUSED', { status: 0 })),
};

export const now = Date.UTC(2026, 0, 2);

export function contextOf(client: DoctorContext['client'], others: Partial<DoctorContext> = {}): DoctorContext {
  return {
    client,
    namespace: 'gpugate-system',
    service: 'gpugate',
    certificates: 'self-managed',
    opsUrls: [],
    isInside: false,
    now: () => now,
    ...others,
  };
}

/** `problem: what`, one line a finding; and each that is not ok says what to do. */
export async function findingsOf(check: Check, context: DoctorContext): Promise<string[]> {
  const findings = await check.look(context);
  for (const one of findings) {
    if (one.level !== 'ok' && !/.{10}/.test(one.mend)) throw new Error(`${one.what}: says not what to do`);
  }
  return findings.map(({ level, what }) => `${level}: ${what}`);
}
