/** What `npm audit --json` prints: a report, or why the registry gave none. */
type Printed = {
  readonly message?: string;
  readonly error?: { readonly summary?: string };
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
};

export type AuditResult = { readonly text: string; readonly isBad: boolean };

/** A registry without an audit, such as a mirror, is no fault of the dependencies: it is said, and nothing more. */
export function auditResultOf(stdout: string): AuditResult {
  const { message, error, vulnerabilities } = parse(stdout);
  if (vulnerabilities === undefined) {
    const why = [message, error?.summary].find((one) => one !== undefined && one !== '') ?? 'it printed no report';
    return { text: `NOT CHECKED: the registry offers no audit (${why}). Try another: --registry URL.`, isBad: false };
  }
  const known = Object.entries(vulnerabilities);
  if (known.length === 0) return { text: 'no vulnerability is known of any dependency.', isBad: false };
  return { text: known.map(([name, one]) => `${one.severity}: ${name} ${one.range}`).join('\n'), isBad: true };
}

function parse(stdout: string): Printed {
  try {
    return JSON.parse(stdout) as Printed;
  } catch {
    return {};
  }
}
