import { expect, test } from 'vitest';
import { helmValues, helmValuesSchema } from './helm-values.ts';
import { defaults } from './settings.ts';

test('the chart has a value for each setting, but for the namespace of the release and the kinds', () => {
  const settings = [...Object.keys(defaults), 'caBundle'].filter((name) => name !== 'namespace' && name !== 'kinds');
  expect(Object.keys(helmValues).toSorted()).toEqual(settings.toSorted());
  for (const [name, value] of Object.entries(defaults)) {
    // Helm can run a Job after everything else, which a plain `kubectl apply` cannot: there it is asked for.
    if (name in helmValues && name !== 'doctor') expect(helmValues[name]?.value, name).toEqual(value);
  }
});

test('the schema knows every value and refuses others', () => {
  const { properties, additionalProperties } = helmValuesSchema as {
    properties: object;
    additionalProperties: boolean;
  };
  expect(Object.keys(properties)).toEqual(['global', ...Object.keys(helmValues)]);
  expect(additionalProperties).toBe(false);
});
