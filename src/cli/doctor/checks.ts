import type { Check } from './check.ts';
import { apiServer } from './checks/api-server.ts';
import { certificates } from './checks/certificates.ts';
import { definitions } from './checks/definitions.ts';
import { ledger } from './checks/ledger.ts';
import { objects } from './checks/objects.ts';
import { otherWebhooks } from './checks/other-webhooks.ts';
import { reach } from './checks/reach.ts';
import { registration } from './checks/registration.ts';
import { replicas } from './checks/replicas.ts';
import { rights } from './checks/rights.ts';

/** From the ground up: what fails first is often why the rest fails. */
export const checks: readonly Check[] = [
  apiServer,
  definitions,
  rights,
  registration,
  certificates,
  reach,
  replicas,
  objects,
  ledger,
  otherWebhooks,
];
