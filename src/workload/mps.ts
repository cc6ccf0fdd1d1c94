import { vramPattern } from '../api/fields.ts';

/**
 * MPS settings of a pod. No software of NVIDIA reads the annotations. An MPS client reads the environment, in the form
 * `CUDA_MPS_PINNED_DEVICE_MEM_LIMIT=<ordinal>=<integer>(G|M)[,...]`.
 */

export const mpsAnnotationPrefix = 'mps.nvidia.com/';
export const mpsThreadsAnnotation = 'mps.nvidia.com/threads';
export const mpsVramAnnotation = 'mps.nvidia.com/vram';

const mpsThreadsVariable = 'CUDA_MPS_ACTIVE_THREAD_PERCENTAGE';
const mpsVramVariable = 'CUDA_MPS_PINNED_DEVICE_MEM_LIMIT';

/** The variables that {@link mpsEnvironment} sets. */
export const mpsVariables: readonly string[] = [mpsThreadsVariable, mpsVramVariable];

const threadsGrammar = /^(?:100|[1-9][0-9]?)$/;

/** CUDA shows no process more devices than this. */
const maxOrdinals = 64;

export type EnvironmentVariable = { readonly name: string; readonly value: string };

/** Percent of the threads of a GPU, 1 to 100. Undefined when malformed. */
export function parseMpsThreads(text: string): number | undefined {
  return threadsGrammar.test(text) ? Number(text) : undefined;
}

/** Mebibytes, the unit of the node label `nvidia.com/gpu.memory` and of M in MPS. Undefined when malformed. */
export function parseMpsVram(text: string): number | undefined {
  if (!vramPattern.test(text)) return undefined;
  return Number(text.slice(0, -1)) * (text.endsWith('G') ? 1024 : 1);
}

/** The variables for a container with so many shared GPUs. Malformed annotations are ignored. */
export function mpsEnvironment(
  threads: string | undefined,
  vram: string | undefined,
  devices: number,
): readonly EnvironmentVariable[] {
  const environment: EnvironmentVariable[] = [];
  if (threads !== undefined && threadsGrammar.test(threads)) {
    environment.push({ name: mpsThreadsVariable, value: threads });
  }
  if (vram !== undefined && vramPattern.test(vram) && devices > 0) {
    environment.push({ name: mpsVramVariable, value: limitOfEach(vram, Math.min(devices, maxOrdinals)) });
  }
  return environment;
}

function limitOfEach(vram: string, devices: number): string {
  if (devices === 1) return `0=${vram}`;
  return Array.from({ length: devices }, (_, ordinal) => `${ordinal}=${vram}`).join(',');
}
