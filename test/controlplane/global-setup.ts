import type { TestProject } from 'vitest/node';
import type { ControlPlaneDescription } from './connect.ts';
import { startControlPlane } from './start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** For `connectControlPlane(inject('controlPlane'))` in a test file. */
    controlPlane: ControlPlaneDescription;
  }
}

/** One control plane for a whole run. Test files share it, each with its own namespaces. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { description, stop } = await startControlPlane();
  project.provide('controlPlane', description);
  return stop;
}
