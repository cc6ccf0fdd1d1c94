/** What `ask` says of each item, in order, while never more than `limit` are asked at once. */
export async function mapAtMost<T, R>(
  limit: number,
  items: readonly T[],
  ask: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const answers: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    // Shared by all: each takes the next one that nobody has taken.
    for (const [index, item] of waiting) answers[index] = await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return answers;
}
