import { listOf, number, one, quantities, shape, text, texts, time, truth, type Shape } from './shape.ts';

/**
 * What projections read of each message, and under which numbers it travels. A projection that reads more must have it
 * named here; otherwise it would find it in no object at all. The numbers never change: sources are the files
 * generated.proto of k8s.io/apimachinery and k8s.io/api, v0.36.3, each under the directory that stands above a group.
 */

// apimachinery/pkg/apis/meta/v1

const ownerReference = shape({ 1: text('kind'), 3: text('name'), 6: truth('controller') });

const objectMeta = shape({
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  8: time('creationTimestamp'),
  11: texts('labels'),
  12: texts('annotations'),
  13: listOf('ownerReferences', ownerReference),
});

export const listMetaShape = shape({ 2: text('resourceVersion'), 3: text('continue') });

export const statusShape = shape({ 3: text('message'), 4: text('reason'), 6: number('code') });

// api/core/v1

const resourceRequirements = shape({ 1: quantities('limits'), 2: quantities('requests') });

const container = shape({ 1: text('name'), 8: one('resources', resourceRequirements), 24: text('restartPolicy') });

const podSpec = shape({
  2: listOf('containers', container),
  10: text('nodeName'),
  20: listOf('initContainers', container),
  32: quantities('overhead'),
  39: listOf('resourceClaims', shape({ 1: text('name') })),
  40: one('resources', resourceRequirements),
});

export const podShape: Shape = shape({
  1: one('metadata', objectMeta),
  2: one('spec', podSpec),
  3: one('status', shape({ 1: text('phase') })),
});

export const nodeShape: Shape = shape({
  1: one('metadata', objectMeta),
  3: one('status', shape({ 2: quantities('allocatable') })),
});

export const namespaceShape: Shape = shape({ 1: one('metadata', objectMeta) });
