import { certificateModes, type InstallSettings } from '../../../src/cli/manifests/install-settings.ts';
import { yamlOf } from '../../../src/cli/manifests/install.ts';
import { helmValues, helmValuesSchema } from './helm-values.ts';
import type { TextFile } from './kustomize-files.ts';
import { mergeVariants } from './merge-variants.ts';
import { type additions, byFile, defaults, header, version } from './settings.ts';

/**
 * The templates are made from the objects of settings that nobody uses: each of their values, found again in the text,
 * is replaced by the value of the chart.
 */
const caBundle = 'ca-bundle-of-values';
const unlikely = {
  ...defaults,
  namespace: 'namespace-of-release',
  image: 'image-of-values',
  replicas: 424_242,
  priorityClassName: 'priority-class-of-values',
  podsFailurePolicy: 'policy-of-values' as InstallSettings['podsFailurePolicy'],
  resources: { requests: { of: 'values' }, limits: {} },
  imagePullSecrets: [{ name: 'pull-secret-of-values' }],
  nodeSelector: { 'node-selector': 'of-values' },
  tolerations: [{ key: 'toleration-of-values' }],
  serveFlags: ['--flag-of-values'],
  monitoring: true,
  doctor: true,
} as const satisfies InstallSettings;

/** A field of a pod that is present only if the value is not empty. */
const optional = (name: string): string =>
  `{{- with .Values.${name} }}\n      ${name}: {{- toYaml . | nindent 8 }}\n{{- end }}`;

const replacements: readonly (readonly [string | RegExp, string])[] = [
  // Helm must leave alone what Prometheus and Grafana read as templates.
  ['{{', '{{ "{{" }}'],
  [unlikely.namespace, '{{ .Release.Namespace }}'],
  [unlikely.image, '{{ .Values.image | quote }}'],
  [String(unlikely.replicas), '{{ .Values.replicas }}'],
  [unlikely.priorityClassName, '{{ .Values.priorityClassName | quote }}'],
  [unlikely.podsFailurePolicy, '{{ .Values.podsFailurePolicy }}'],
  [Buffer.from(caBundle).toString('base64'), '{{ .Values.caBundle | b64enc }}'],
  [/resources:\n +requests:\n +of: values\n +limits: \{\}/g, 'resources: {{- toYaml .Values.resources | nindent 12 }}'],
  ['      imagePullSecrets:\n        - name: pull-secret-of-values', optional('imagePullSecrets')],
  ['      nodeSelector:\n        node-selector: of-values', optional('nodeSelector')],
  ['      tolerations:\n        - key: toleration-of-values', optional('tolerations')],
  ['            - --flag-of-values', '{{- range .Values.serveFlags }}\n            - {{ . | quote }}\n{{- end }}'],
  [
    'whenUnsatisfiable: ScheduleAnyway',
    'whenUnsatisfiable: {{ eq .Values.spread "required" | ternary "DoNotSchedule" "ScheduleAnyway" }}',
  ],
];

/** All documents of a file in one mode, each with its own separator. */
function textOf(file: string, certificates: InstallSettings['certificates']): string {
  const settings = { ...unlikely, certificates, ...(certificates === 'files' ? { caBundle } : {}) };
  return (byFile(settings).get(file) ?? []).map((object) => `---\n${yamlOf([object])}`).join('');
}

/** For what a value of the chart adds. */
const conditionOf: Readonly<Record<string, string>> = {
  monitoring: '.Values.monitoring',
  doctor: '.Values.doctor.enabled',
} satisfies Record<(typeof additions)[number], string>;

function template(file: string): TextFile {
  const merged = mergeVariants(
    certificateModes.map((mode) => ({
      condition: `eq .Values.certificates "${mode}"`,
      text: replacements.reduce<string>((text, [from, to]) => text.replaceAll(from, () => to), textOf(file, mode)),
    })),
  );
  const condition = conditionOf[file];
  const content = condition === undefined ? merged : `{{- if ${condition} }}\n${merged}{{- end }}\n`;
  return { path: `${chart}/templates/${file}.yaml`, content: header + content };
}

const chart = 'manifests/helm/gpugate';

const about = {
  apiVersion: 'v2',
  name: 'gpugate',
  description: 'Exact GPU quotas across namespaces, and admission rules for shared GPU clusters',
  type: 'application',
  version,
  appVersion: version,
  kubeVersion: '>= 1.30.0-0', // matchConditions of webhooks
};

function valuesFile(): string {
  return Object.entries(helmValues)
    .map(([name, { about: what, value }]) => `# ${what}\n${yamlOf([{ [name]: value }])}`)
    .join('\n');
}

/** The chart. It has no Namespace, because `helm install --create-namespace` creates it. */
export function helmFiles(): readonly TextFile[] {
  const modes = certificateModes.flatMap((certificates) => [...byFile({ ...unlikely, certificates }).keys()]);
  const templates = [...new Set(modes)].filter((file) => file !== 'namespace' && file !== 'crds');
  const crds = byFile(defaults).get('crds') ?? [];
  return [
    { path: `${chart}/Chart.yaml`, content: header + yamlOf([about]) },
    { path: `${chart}/values.yaml`, content: header + valuesFile() },
    { path: `${chart}/values.schema.json`, content: `${JSON.stringify(helmValuesSchema, undefined, 2)}\n` },
    ...crds.map((crd) => ({
      path: `${chart}/crds/${crd.metadata.name.split('.')[0]}.yaml`,
      content: header + yamlOf([crd]),
    })),
    ...templates.map(template),
  ];
}
