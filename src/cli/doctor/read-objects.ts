import { ifFound } from '../../cluster/client/api-error.ts';
import type { DoctorContext } from './check.ts';

type Client = DoctorContext['client'];

/** The object at that path, as the API server has it; undefined when there is none. */
export async function readIfThere<T>(client: Client, path: string): Promise<T | undefined> {
  return (await ifFound(client.request({ method: 'GET', path }))) as T | undefined;
}

/** All objects of a resource; none where the cluster does not serve it. */
export async function readAll<T>(client: Client, path: string): Promise<readonly T[]> {
  const list = await readIfThere<{ readonly items: readonly T[] }>(client, path);
  return list?.items ?? [];
}
