import { formatField } from '../../text/problem.ts';
import { objectJudge } from '../../text/judge-object.ts';
import type { ResourceSchema } from '../../api/structural-schema.ts';
import { nameOf, type RawObject } from '../client/client.ts';
import { createFeed, type FeedContext } from './resource-feed.ts';

/** What is wrong with an object that its schema accepts: `field` is a path such as `spec.names.pattern`. */
export type ObjectProblem = { readonly field: string; readonly message: string };

/** One of our own objects, as it is in the cluster. */
export type WatchedObject<T> = {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** The newest good version; undefined until there is one. */
  readonly good: T | undefined;
  /** What is wrong with the present version, as one sentence; undefined when it is in force. */
  readonly problem: string | undefined;
  /** What its status says at present. */
  readonly condition: Condition | undefined;
};

export type Condition = {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
};

export const readyCondition = 'Ready';

export type WatchedObjectsSettings<T> = {
  readonly plural: string;
  readonly schema: ResourceSchema;
  /** Compiles an object that fits the schema, or says what it cannot use. */
  readonly compile: (object: unknown) => { readonly value: T } | ObjectProblem;
  readonly onChange: () => void;
};

/** A message of a condition may hold 32 KB; nobody reads more than this. */
const maxProblemLength = 1024;

/** Watches our own objects and keeps each in its newest good version, however bad the present one is. */
export function watchObjects<T>(settings: WatchedObjectsSettings<T>, context: FeedContext) {
  const { plural, schema, compile, onChange } = settings;
  const judge = objectJudge([schema]);
  const [group = '', version = ''] = schema.shape.apiVersion.value.split('/');
  const path = `/apis/${group}/${version}/${plural}`;

  const read = (raw: RawObject): { value: T } | ObjectProblem => {
    const { data, findings } = judge(raw);
    if (data !== undefined && findings.length === 0) return compile(data);
    const all = findings.map(({ path: at, message }) => ({ field: formatField(at), message }));
    const [first = { field: '', message: 'is unreadable' }, ...rest] = all;
    return { field: first.field, message: [first.message, ...rest.map((f) => `${f.field} ${f.message}`)].join('; ') };
  };

  const project = (raw: RawObject): WatchedObject<T> => {
    const meta = raw['metadata'] as RawObject;
    const name = String(meta['name']);
    const generation = Number(meta['generation'] ?? 0);
    const uid = String(meta['uid']);
    const known = feed.store.get(name);
    // An object that was deleted and created again between two watches has the old name and often the old generation.
    const before = known?.uid === uid ? known : undefined;
    const condition = conditionOf(raw);
    // Only the status changed: the value stays the same object, so that nothing is compiled again.
    if (before !== undefined && before.generation === generation) return { ...before, condition };
    const result = read(raw);
    if ('value' in result) return { name, uid, generation, good: result.value, problem: undefined, condition };
    const problem = `${result.field} ${result.message}`.slice(0, maxProblemLength);
    context.log.error('an object is invalid; its last good version stays in force', {
      kind: schema.shape.kind.value,
      name,
      problem,
    });
    return { name, uid, generation, good: before?.good, problem, condition };
  };

  const feed = createFeed<WatchedObject<T>>(
    {
      resource: plural,
      path,
      key: nameOf,
      project,
      isSame: (a, b) =>
        a.uid === b.uid &&
        a.generation === b.generation &&
        a.good === b.good &&
        JSON.stringify(a.condition) === JSON.stringify(b.condition),
      onChange,
    },
    context,
  );
  return {
    reflector: feed.reflector,
    objects: (): readonly WatchedObject<T>[] => [...feed.store.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    /** The values in force, sorted by name. */
    inForce: (): readonly T[] =>
      [...feed.store.values()]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap(({ good }) => (good === undefined ? [] : [good])),
  };
}

export type WatchedObjects<T> = ReturnType<typeof watchObjects<T>>;

function conditionOf(raw: RawObject): Condition | undefined {
  const conditions = (raw['status'] as RawObject | undefined)?.['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  // The API server holds them to the schema of the CRD.
  const found = (conditions as (Condition & { type: string })[]).find(({ type }) => type === readyCondition);
  if (found === undefined) return undefined;
  const { status, reason, message, lastTransitionTime, observedGeneration = 0 } = found;
  return { status, reason, message, lastTransitionTime, observedGeneration };
}
