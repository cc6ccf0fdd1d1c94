/**
 * Fields looked at: metadata.name of the kinds in names.kinds, or metadata.generateName when there is no name yet; not
 *                   for objects of a controller, because the controller's own name is judged
 * Values allowed:   names of names.format, where {prefix} is one of names.prefixes (or letters and digits), {id} is
 *                   letters and digits, and {name} is letters, digits, - and . (not at the ends); or names that
 *                   names.pattern matches as a whole
 */
import { isClusterController } from '../workload/requester.ts';
import { compileNameShape, type NameShape } from './name-shape.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Facts, type Rule, type Violation } from './rule.ts';

const id = 'resource-name';

/**
 * apiserver `names.SimpleNameGenerator` cuts the base to 58 characters and appends 5 of bcdfghjklmnpqrstvwxz2456789. One
 * suffix with letters and digits stands for all: a shape that it fails would refuse most generated names.
 */
const maxBaseLength = 58;
const sampleSuffix = 'x7k2p';

/** Some kinds allow longer names, but a longer example only fills the line. */
const maxExampleLength = 63;

function generatedName(base: string): string {
  return base.slice(0, maxBaseLength) + sampleSuffix;
}

function nameViolation(shape: NameShape, facts: Facts): Violation {
  const { name, generateName } = facts.meta;
  const isGenerated = name === '';
  const example = shape
    .proposals(isGenerated ? generateName : name)
    .map((proposal) => (isGenerated ? `${proposal}-` : proposal))
    .find(
      (proposal) =>
        proposal.length <= maxExampleLength && shape.matches(isGenerated ? generatedName(proposal) : proposal),
    );
  const wrong = isGenerated
    ? `"${shown(generateName)}" generates names such as ${shown(generatedName(generateName))}, which do not match`
    : `"${shown(name)}" does not match`;
  return {
    rule: id,
    path: isGenerated ? 'metadata.generateName' : 'metadata.name',
    reason: `${wrong} ${shape.form}.`,
    ...(shape.detail !== undefined && { detail: shape.detail }),
    advice: example === undefined ? 'Use a name that matches.' : `Use a name such as ${example}.`,
  };
}

/** A controller derives the names of its objects from its own. Tenants can write an owner too, so who asks matters. */
function isMadeByController({ meta, user }: Facts): boolean {
  return meta.controller !== undefined && isClusterController(user, meta.namespace);
}

export const resourceName: Rule = {
  id,
  summary: 'Names match the format or the pattern of the policy.',
  settings: 'names.format, names.pattern, names.prefixes, names.kinds',
  fields: 'metadata.name, metadata.generateName',
  compile(spec) {
    if (spec.names === undefined) {
      return undefined;
    }
    const kinds = new Set<string>(spec.names.kinds);
    const shape = compileNameShape(spec.names);
    return (facts) => {
      const { name, generateName } = facts.meta;
      // Names never change.
      if (facts.operation !== 'CREATE' || !kinds.has(facts.kind) || isMadeByController(facts)) {
        return noViolations;
      }
      const judged = name === '' && generateName !== '' ? generatedName(generateName) : name;
      return shape.matches(judged) ? noViolations : [nameViolation(shape, facts)];
    };
  },
};
