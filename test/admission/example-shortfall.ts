import type { Shortfall } from '../../src/quota/rules/reserve-result.ts';

export const short: Shortfall = {
  quota: 'projects',
  enforcement: 'Deny',
  group: 'a',
  resource: 'nvidia.com/gpu',
  requested: 4,
  used: 14,
  reserved: 1,
  preReserved: 0,
  hard: 16,
  largest: [
    { name: 'job-3-llm', amount: 8 },
    { name: 'job-5-eval', amount: 4 },
  ],
};
