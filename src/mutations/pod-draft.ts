import type { AddOperation, ReplaceOperation } from 'fast-json-patch';
import { demandOf, type Demand } from '../workload/demand.ts';
import type { Container, ContainerField, EnvVar, Pod } from '../workload/pod.ts';

/** RFC 6902. Mutations never remove, move or copy anything. */
export type Operation = AddOperation<unknown> | ReplaceOperation<unknown>;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type WritableContainer = Writable<Omit<Container, 'has'>> & { readonly has: Writable<Container['has']> };
type WritablePod = Writable<Omit<Pod, 'has'>> & { readonly has: Writable<Pod['has']> };
type StringMap = Readonly<Record<string, string>>;

/**
 * A pod that mutations change one after another, each seeing the changes before it, and the resulting patch. Operations
 * are recorded as changes happen, because comparing two whole pods costs forty times as much. Nothing is copied until
 * something changes. A map or list that the object lacks is added once: the value of that operation is the working copy
 * itself, so later additions go into the same operation.
 */
export class PodDraft {
  #pod: Pod;
  #isCopied = false;
  #demand: Demand | undefined;
  #changes = 0;
  readonly #patch: Operation[] = [];
  readonly #copiedFields = new Set<ContainerField>();
  /** Maps and lists that may be changed. True when one operation adds the whole of it. */
  readonly #own = new Map<object, boolean>();

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  /** The pod after the changes so far. */
  get pod(): Pod {
    return this.#pod;
  }

  get demand(): Demand {
    this.#demand ??= demandOf(this.#pod);
    return this.#demand;
  }

  get patch(): readonly Operation[] {
    return this.#patch;
  }

  /** Number of changes. There are fewer operations when whole maps were added. */
  get changes(): number {
    return this.#changes;
  }

  addLabel(key: string, value: string): void {
    this.#addMeta('labels', key, value);
  }

  addAnnotation(key: string, value: string): void {
    this.#addMeta('annotations', key, value);
  }

  addRequest(container: Container, resource: string, quantity: string): void {
    this.#addResource(container, 'requests', resource, quantity);
  }

  addLimit(container: Container, resource: string, quantity: string): void {
    this.#addResource(container, 'limits', resource, quantity);
  }

  /** Replaces every variable of that name that has another value, or adds one if there is none. */
  setEnv(container: Container, name: string, value: string): void {
    const present = this.#current(container).env.filter((variable) => variable.name === name);
    if (present.length > 0 && present.every((variable) => variable.value === value)) return;
    const own = this.#writable(container);
    const pointer = `${pointerOf(container)}/env`;
    const env = this.#writableEnv(own, pointer);
    const isWhole = this.#own.get(env) === true;
    for (const [index, variable] of env.entries()) {
      if (variable.name !== name || variable.value === value) continue;
      env[index] = { name, value };
      // The whole element, because the API server refuses `valueFrom` next to `value`.
      if (!isWhole) this.#patch.push({ op: 'replace', path: `${pointer}/${index}`, value: env[index] });
    }
    if (present.length === 0) {
      const variable = { name, value };
      env.push(variable);
      if (!isWhole) this.#patch.push({ op: 'add', path: `${pointer}/-`, value: variable });
    }
    this.#changes++;
  }

  #addMeta(field: 'labels' | 'annotations', key: string, value: string): void {
    if (Object.hasOwn(this.#pod.meta[field], key)) return;
    const pod = this.#writablePod();
    const { meta, has } = pod;
    const map = has[field]
      ? this.#addEntry(meta[field], `/metadata/${field}`, key, value)
      : this.#addMap(has.metadata, '/metadata', field, key, value);
    if (map === meta[field]) return;
    pod.meta = field === 'labels' ? { ...meta, labels: map } : { ...meta, annotations: map };
    has.metadata = true;
    has[field] = true;
  }

  #addResource(container: Container, field: 'requests' | 'limits', resource: string, quantity: string): void {
    if (Object.hasOwn(this.#current(container)[field], resource)) return;
    const own = this.#writable(container);
    const { has } = own;
    const parent = `${pointerOf(container)}/resources`;
    own[field] = has[field]
      ? this.#addEntry(own[field], `${parent}/${field}`, resource, quantity)
      : this.#addMap(has.resources, parent, field, resource, quantity);
    has.resources = true;
    has[field] = true;
    this.#demand = undefined;
  }

  /** Adds a map with its first entry, and the parent if it is missing. */
  #addMap(hasParent: boolean, parent: string, field: string, key: string, value: string): StringMap {
    const map = { [key]: value };
    this.#patch.push(
      hasParent
        ? { op: 'add', path: `${parent}/${field}`, value: map }
        : { op: 'add', path: parent, value: { [field]: map } },
    );
    this.#own.set(map, true);
    this.#changes++;
    return map;
  }

  /** Adds an entry to an existing map. */
  #addEntry(map: StringMap, pointer: string, key: string, value: string): StringMap {
    const isWhole = this.#own.get(map);
    // A spread copies even `__proto__` as a plain key, and policies cannot add such a key.
    const own = isWhole === undefined ? { ...map } : (map as Record<string, string>);
    own[key] = value;
    if (isWhole !== true) this.#patch.push({ op: 'add', path: `${pointer}/${escapeToken(key)}`, value });
    if (isWhole === undefined) this.#own.set(own, false);
    this.#changes++;
    return own;
  }

  #current(container: Container): Container {
    return this.#pod[container.field][container.index] ?? container;
  }

  #writablePod(): WritablePod {
    if (!this.#isCopied) this.#pod = { ...this.#pod, has: { ...this.#pod.has } };
    this.#isCopied = true;
    return this.#pod;
  }

  #writable(container: Container): WritableContainer {
    const { field } = container;
    if (!this.#copiedFields.has(field)) {
      const pod = this.#writablePod();
      pod[field] = pod[field].map(copyOf);
      this.#copiedFields.add(field);
    }
    return this.#current(container);
  }

  #writableEnv(container: WritableContainer, pointer: string): EnvVar[] {
    if (this.#own.has(container.env)) return container.env as EnvVar[];
    const env = [...container.env];
    container.env = env;
    this.#own.set(env, !container.has.env);
    if (!container.has.env) this.#patch.push({ op: 'add', path: pointer, value: env });
    container.has.env = true;
    return env;
  }
}

function copyOf(container: Container): Container {
  return { ...container, has: { ...container.has } };
}

function pointerOf({ field, index }: Container): string {
  return `/spec/${field}/${index}`;
}

/** A key as a token of a JSON pointer. */
function escapeToken(key: string): string {
  return key.includes('/') || key.includes('~') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}
