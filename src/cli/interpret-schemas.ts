import { config } from 'zod';

/**
 * zod compiles the check of an object out of source text when it is first used. For who reads each file once and ends, that
 * takes longer than to read without: 8 of the 120 ms that a check of one file takes. Schemas that are there already are
 * not changed, so that this comes before the modules that make them are loaded.
 */
export function interpretSchemas(): void {
  config({ jitless: true });
}
