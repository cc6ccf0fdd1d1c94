/**
 * Fields looked at: metadata.name of the kinds in names.kinds; metadata.generateName while there is no name
 *                   (not of what a controller made: its owner's name is judged)
 * Values allowed:   names.format, whose {prefix} is one of names.prefixes (or letters and digits), {id} letters and
 *                   digits, and {name} letters, digits, - and . (those two not at its ends); or whatever
 *                   names.pattern matches as a whole
 */
import { isClusterController } from '../workload/requester.ts';
import { compileNameShape, type NameShape } from './name-shape.ts';
import { shown } from '../text/printable.ts';
import { noViolations, type Facts, type Rule, type Violation } from './rule.ts';

const id = 'resource-name';

/**
 * apiserver `names.SimpleNameGenerator`: the base is cut to 58 characters, then 5 of bcdfghjklmnpqrstvwxz2456789 follow.
 * One suffix with letters and digits stands for all: a shape that fails it would refuse most of the generated names.
 */
const maxBaseLength = 58;
const sampleSuffix = 'x7k2p';

/** A longer name is legal for some kinds, but as an example it would only fill the line. */
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
    ? `generateName "${shown(generateName)}" makes names such as ${shown(generatedName(generateName))}, which do not match`
    : `Name "${shown(name)}" does not match`;
  const advice = example === undefined ? 'Choose a name that matches.' : `Choose a name such as ${example}.`;
  return {
    rule: id,
    path: isGenerated ? 'metadata.generateName' : 'metadata.name',
    reason: `${wrong} ${shape.form}. ${advice}`,
    ...(shape.detail !== undefined && { detail: shape.detail }),
  };
}

/** A controller derives the names of what it owns from its own. Tenants can write an owner too: they are not believed. */
function isMadeByController({ meta, user }: Facts): boolean {
  return meta.controller !== undefined && isClusterController(user, meta.namespace);
}

export const resourceName: Rule = {
  id,
  summary: 'Names have the form or match the pattern of the policy.',
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
      // A name never changes.
      if (facts.operation !== 'CREATE' || !kinds.has(facts.kind) || isMadeByController(facts)) {
        return noViolations;
      }
      const judged = name === '' && generateName !== '' ? generatedName(generateName) : name;
      return shape.matches(judged) ? noViolations : [nameViolation(shape, facts)];
    };
  },
};
