import { describe, expect, test } from 'vitest';
import { metricNames } from '../../src/telemetry/metric-names.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const create = () => createMetrics({ version: '1.2.3', processMetrics: false });

async function linesOf(metrics: ReturnType<typeof create>): Promise<string[]> {
  return (await metrics.expose()).body.split('\n');
}

describe('the exposition', () => {
  test('has exactly the metrics that are documented, with their types and help texts', async () => {
    const lines = await linesOf(create());
    const found = lines.filter((line) => line.startsWith('# '));
    const documented = Object.values(metricNames).flatMap(({ name, type, help }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
    ]);
    expect(found.toSorted()).toEqual(documented.toSorted());
  });

  test('says what was recorded', async () => {
    const metrics = create();
    metrics.admission('gpu.validate', 'CREATE', 'allow', 0.0003);
    metrics.admission('gpu.validate', 'CREATE', 'allow', 0.2);
    metrics.admission('gpu.validate', 'CREATE', 'deny', 20);
    metrics.violation('gpu-mixed', 'platform', 'Deny');
    metrics.mutation('labels');
    metrics.badRequest('not_json');
    metrics.requestStarted();
    metrics.requestStarted();
    metrics.requestEnded();
    metrics.policies('in_force', 3);
    metrics.policyReload('success');
    metrics.certificateExpiry('serving', 1_800_000_000_500);
    const lines = await linesOf(metrics);
    expect(lines).toEqual(
      expect.arrayContaining([
        'gpugate_admission_requests_total{webhook="gpu.validate",operation="CREATE",decision="allow"} 2',
        'gpugate_admission_requests_total{webhook="gpu.validate",operation="CREATE",decision="deny"} 1',
        'gpugate_admission_duration_seconds_bucket{le="0.00025",webhook="gpu.validate"} 0',
        'gpugate_admission_duration_seconds_bucket{le="0.0005",webhook="gpu.validate"} 1',
        'gpugate_admission_duration_seconds_bucket{le="10",webhook="gpu.validate"} 2',
        'gpugate_admission_duration_seconds_count{webhook="gpu.validate"} 3',
        'gpugate_violations_total{rule="gpu-mixed",policy="platform",enforcement="Deny"} 1',
        'gpugate_mutations_total{mutation="labels"} 1',
        'gpugate_bad_requests_total{reason="not_json"} 1',
        'gpugate_http_in_flight 1',
        'gpugate_policies{state="in_force"} 3',
        'gpugate_policy_reload_total{result="success"} 1',
        'gpugate_certificate_expiry_timestamp_seconds{certificate="serving"} 1800000000.5',
        `gpugate_build_info{version="1.2.3",node="${process.version}"} 1`,
      ]),
    );
  });

  test('says the same when it is read twice', async () => {
    const metrics = create();
    metrics.badRequest('not_json');
    expect(await linesOf(metrics)).toEqual(await linesOf(metrics));
  });

  test('escapes what a label must not hold', async () => {
    const metrics = create();
    metrics.violation('names', 'a"b\\c\nd', 'Warn');
    expect(await linesOf(metrics)).toContain(
      String.raw`gpugate_violations_total{rule="names",policy="a\"b\\c\nd",enforcement="Warn"} 1`,
    );
  });

  test('has the process metrics of Node unless they are switched off', async () => {
    const { body, contentType } = await createMetrics({ version: '1' }).expose();
    expect(body).toContain('process_resident_memory_bytes');
    expect(body).toContain('nodejs_eventloop_lag_seconds');
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});

test('two registries know nothing of each other', async () => {
  const [one, other] = [create(), create()];
  one.badRequest('not_json');
  expect(await linesOf(one)).toContain('gpugate_bad_requests_total{reason="not_json"} 1');
  expect((await other.expose()).body).not.toContain('not_json');
});

describe('the names', () => {
  test.each(Object.values(metricNames))('of $name follow the conventions of Prometheus', ({ name, type, help }) => {
    expect(name).toMatch(/^gpugate_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(help).toMatch(/^[A-Z].*\.$/);
  });
});
