import { stringify } from 'yaml';

/** Documents one after the other, each without anchors and with every string on a line of its own. */
export function yamlOf(objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}
