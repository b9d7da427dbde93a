import { seededRandom } from './prng.ts';

export const ROUTES = [
  'token',
  'feed',
  'appeal',
  'file',
  'upload',
  'statuses',
  'answers',
  'subjects',
  'subsubjects',
  'showcase-upload',
  'showcase-report',
] as const;
export type RouteName = (typeof ROUTES)[number];

/**
 * latency: waits `ms`, then goes on (and commits even if the caller has left, as servers do).
 * hang: reads the request, does nothing, never answers · hang-after: does it, never answers.
 * cut-before: drops the connection before anything is done · cut-after: does it, then drops.
 * commit-after-cut: drops the connection, does it `ms` later.
 * truncate: the connection drops after `bytes` bytes of the body · wrong-bytes: right length, other bytes.
 * ignore-range: the whole file whatever Range asks.
 */
export const FAULT_KINDS = [
  'latency',
  'rate-limit',
  'error-500',
  'unavailable',
  'status',
  'unauthorized',
  'forbidden',
  'wrong-password',
  'not-ready',
  'cut-before',
  'cut-after',
  'commit-after-cut',
  'hang',
  'hang-after',
  'truncate',
  'wrong-bytes',
  'bad-json',
  'duplicate-items',
  'cursor-expired',
  'ignore-range',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultSpec {
  route: RouteName | '*' | readonly RouteName[];
  kind: FaultKind;
  /** Fires at most that often; default: until cleared. */
  times?: number;
  /** Lets that many matching requests pass first. */
  skip?: number;
  /** 0..1, drawn from the rule's own seeded generator; default 1. */
  probability?: number;
  seed?: number;
  opaId?: string;
  posId?: number;
  fileId?: string;
  /** latency, commit-after-cut. */
  ms?: number;
  /** rate-limit (default 1), unavailable (default: no header); seconds. */
  retryAfterSeconds?: number;
  /** truncate: bytes of this response's body that still go out (default half). */
  bytes?: number;
  /** status: the code and the body. */
  status?: number;
  body?: string;
  /** not-ready: what is missing. */
  missing?: string[];
}

export interface FaultRule {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly random: () => number;
  seen: number;
  fired: number;
}

export interface FaultBook {
  rules: FaultRule[];
  nextId: number;
}

export interface FaultTarget {
  readonly route: RouteName;
  readonly opaId?: string | undefined;
  readonly posId?: number | undefined;
  readonly fileId?: string | undefined;
}

export function createFaultBook(): FaultBook {
  return { rules: [], nextId: 1 };
}

/** Puts a rule at the end of the book and gives its id. Throws on a word it does not know. */
export function addFault(book: FaultBook, spec: FaultSpec): number {
  if (!FAULT_KINDS.includes(spec.kind)) throw new Error(`unknown fault kind ${String(spec.kind)}`);
  for (const route of typeof spec.route === 'string' ? [spec.route] : spec.route) {
    if (route !== '*' && !ROUTES.includes(route)) throw new Error(`unknown route ${String(route)}`);
  }
  const id = book.nextId++;
  book.rules.push({ id, spec, random: seededRandom(spec.seed ?? 1), seen: 0, fired: 0 });
  return id;
}

function matches(spec: FaultSpec, target: FaultTarget): boolean {
  if (typeof spec.route === 'string') {
    if (spec.route !== '*' && spec.route !== target.route) return false;
  } else if (!spec.route.includes(target.route)) return false;
  if (spec.opaId !== undefined && spec.opaId !== target.opaId) return false;
  if (spec.posId !== undefined && spec.posId !== target.posId) return false;
  return spec.fileId === undefined || spec.fileId === target.fileId;
}

function fires(rule: FaultRule): boolean {
  const { spec } = rule;
  if (rule.fired >= (spec.times ?? Number.POSITIVE_INFINITY)) return false;
  rule.seen += 1;
  if (rule.seen <= (spec.skip ?? 0)) return false;
  if (spec.probability !== undefined && rule.random() >= spec.probability) return false;
  rule.fired += 1;
  return true;
}

export interface FaultDecision {
  delayMs: number;
  /** The first rule that fired, delays apart. */
  spec?: FaultSpec;
}

/** What happens to this request: delays of all matching rules add up, of the others the first wins. */
export function decideFault(book: FaultBook, target: FaultTarget): FaultDecision {
  const decision: FaultDecision = { delayMs: 0 };
  for (const rule of book.rules) {
    if (!matches(rule.spec, target)) continue;
    if (rule.spec.kind === 'latency') {
      if (fires(rule)) decision.delayMs += rule.spec.ms ?? 100;
    } else if (decision.spec === undefined && fires(rule)) {
      decision.spec = rule.spec;
    }
  }
  return decision;
}
