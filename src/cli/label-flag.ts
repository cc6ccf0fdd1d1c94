import { dnsLabel, dnsLabelProblem } from '../api/dns-label.ts';
import { InputError } from './input-error.ts';

/** Reads the name of a namespace or of a Service: another would only be found nowhere, or refused half-way. */
export function labelFlag(flag: string): (text: string) => string {
  return (text) => {
    if (dnsLabel.test(text)) return text;
    throw new InputError(`${flag} ${text}: ${dnsLabelProblem}`);
  };
}
