import { stringify } from 'yaml';

/**
 * Documents one after the other, each without anchors and with every string on a line of its own. What YAML 1.1 would
 * take for something else is quoted: kubectl reads a bare Off as false.
 */
export function yamlOf(objects: readonly object[]): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const;
  return objects.map((object) => stringify(object, options)).join('---\n');
}
