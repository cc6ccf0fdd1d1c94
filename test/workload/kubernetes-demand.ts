import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ensurePodDemand } from '../controlplane/build.ts';

export type Amount = { readonly text: string; readonly nanos: string };

export type KubernetesDemand = {
  readonly requests: Readonly<Record<string, Amount>>;
  readonly limits: Readonly<Record<string, Amount>>;
  /** The pod after defaulting, as webhooks get it. */
  readonly stored: unknown;
  /** The validation errors of the API server. */
  readonly refused?: string;
};

export type Undecodable = { readonly error: string };

/** What Kubernetes' own code computes for pods, and for strings as quantities. One process for all of them. */
export const askKubernetes = async <Answer extends KubernetesDemand | Amount>(
  questions: readonly unknown[],
): Promise<(Answer | Undecodable)[]> => {
  const [binary = '', ...args] = await ensurePodDemand();
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined); // it ended early: then lines are missing below
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  const answers = (await text(child.stdout)).trimEnd().split('\n');
  if (answers.length !== questions.length) {
    throw new Error(`pod-demand answered ${answers.length} of ${questions.length} lines`);
  }
  return answers.map((line) => JSON.parse(line) as Answer | Undecodable);
};
