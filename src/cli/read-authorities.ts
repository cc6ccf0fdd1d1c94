import { readFileSync } from 'node:fs';
import { explainFileError } from '../text/explain-file-error.ts';
import { parseCertificates } from '../tls/key-pair.ts';
import { InputError } from './input-error.ts';

/**
 * The PEM text of a file with certificates of authorities; throws InputError when it cannot be read or used.
 * Parsed here, because Node takes any text for an authority and then trusts nobody.
 */
export function readAuthorities(flag: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${flag} ${file}: ${explainFileError(error)}`);
  }
  const certificates = parseCertificates(text);
  if (!certificates.ok) throw new InputError(`${flag} ${file}: ${certificates.fault}`);
  return text;
}
