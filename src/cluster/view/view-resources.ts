import { isSamePod } from '../../quota/rules/pod-record.ts';
import { isSameNamespace, isSameNode } from './projections.ts';
import { namespaceShape, nodeShape, podShape } from '../protobuf/messages.ts';
import { nameOf, uidOf } from '../client/raw-object.ts';

/** What the view lists and watches, and when an object counts as unchanged. */
export const viewResources = {
  namespaces: {
    resource: 'namespaces',
    path: '/api/v1/namespaces',
    shape: namespaceShape,
    key: nameOf,
    isSame: isSameNamespace,
  },
  nodes: { resource: 'nodes', path: '/api/v1/nodes', shape: nodeShape, key: nameOf, isSame: isSameNode },
  pods: {
    resource: 'pods',
    path: '/api/v1/pods',
    shape: podShape,
    // The end of a pod becomes a DELETED event; those that ended before are never sent.
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    key: uidOf,
    isSame: isSamePod,
  },
} as const;
