import { join } from 'node:path';

const examples = join(import.meta.dirname, '../../manifests/examples');
export const examplePolicies = join(examples, 'policies');
export const exampleSnapshot = join(examples, 'snapshot.yaml');
export const examplePods = join(examples, 'pods');
export const exampleReviews = join(examples, 'reviews');
