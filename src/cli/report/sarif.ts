import { rules } from '../../policies/registry.ts';
import { fileUri, type Place } from './place.ts';
import type { ReportedFinding, ReportedResult, Reporter } from './report.ts';
import { findingsOf } from './tally.ts';

/** SARIF 2.1.0 (OASIS) for code scanning: a result for each finding, and none for what passed. */
export const reportSarif: Reporter = ({ command, results }, { version, directory }) => {
  const found = results.flatMap((result) => findingsOf(result).map((finding) => ({ result, finding })));
  const ids = [...new Set(found.map(({ finding }) => finding.rule))].sort();
  const run = {
    tool: { driver: { name: 'gpugate', semanticVersion: version, rules: ids.map(ruleOf) } },
    invocations: [{ executionSuccessful: results.every(({ verdict }) => verdict !== 'undecided') }],
    automationDetails: { id: `gpugate/${command}/` },
    columnKind: 'utf16CodeUnits',
    results: found.map(({ result, finding }) => ({
      ruleId: finding.rule,
      ruleIndex: ids.indexOf(finding.rule),
      level: finding.level,
      message: { text: messageOf(finding) },
      locations: locationsOf(finding.place ?? result.place, result, directory),
      properties: { verdict: result.verdict, ...(finding.policy === undefined ? {} : { policy: finding.policy }) },
    })),
  };
  return `${JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] })}\n`;
};

const schema = 'https://json.schemastore.org/sarif-2.1.0.json';

const summaries: ReadonlyMap<string, string> = new Map([
  ...rules.map(({ id, summary }): [string, string] => [id, summary]),
  ['quota', 'The usage that a TenantQuota charges must stay within its hard limits.'],
  ['failed', 'The result must be the expected one.'],
  ['undecided', 'Every fact that a decision depends on must be known.'],
]);

function ruleOf(id: string): object {
  const text = summaries.get(id);
  return text === undefined ? { id } : { id, shortDescription: { text } };
}

function messageOf({ field, message }: ReportedFinding): string {
  return field === undefined || field === '' ? message : `${field}: ${message}`;
}

/** The name of the object, and its place if it is in a file. */
function locationsOf(place: Place | undefined, { name }: ReportedResult, directory: string): object[] {
  const logicalLocations = [{ fullyQualifiedName: name, kind: 'object' }];
  const uri = place === undefined ? undefined : fileUri(place.file, directory);
  if (place === undefined || uri === undefined) return [{ logicalLocations }];
  const isRelative = !uri.startsWith('file:');
  const physicalLocation = {
    artifactLocation: isRelative ? { uri, uriBaseId: '%SRCROOT%' } : { uri },
    region: { startLine: place.line, startColumn: place.column },
  };
  return [{ physicalLocation, logicalLocations }];
}
