import { type CustomResourceDefinition, customResourceDefinitions } from '../../src/api/crd.ts';
import { yamlOf } from '../../src/cli/manifests/install.ts';
import { helmFiles } from './manifests/helm-files.ts';
import { kustomizeFiles } from './manifests/kustomize-files.ts';
import { pagePaths, renderPage } from './pages.ts';

/** A file that is generated, as a whole or in parts. */
export type Output = { readonly path: string; readonly content: string; readonly problems: readonly string[] };

export function renderCrd(crd: CustomResourceDefinition): string {
  return `# Generated from src/api by \`npm run generate\`; do not edit.\n${yamlOf([crd])}`;
}

/** Everything that is generated; `readPage` gives the present text of a page, of which only blocks are. */
export async function renderOutputs(readPage: (path: string) => string): Promise<readonly Output[]> {
  const crds = customResourceDefinitions().map((crd) => ({
    path: `manifests/crds/${crd.spec.names.plural}.yaml`,
    content: renderCrd(crd),
    problems: [],
  }));
  const manifests = [...kustomizeFiles(), ...helmFiles()].map((file) => ({ ...file, problems: [] }));
  const pages = await Promise.all(pagePaths().map((path) => renderPage(path, readPage(path))));
  return [...crds, ...manifests, ...pages];
}
