/** Parsers of flags that hold lists, for commander: `previous` is what the flag said before, or its default. */

/** A flag that may be repeated: one item each time. */
export const repeated = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** Items separated by commas, in the place of a default. */
export const separated = (value: string): readonly string[] => value.split(',').filter((item) => item !== '');
