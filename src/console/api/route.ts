import type { z } from 'zod';
import type { Scope } from '../users/tokens.ts';
import type { Role } from '../web/viewer.ts';

/** Who calls: an integration by its token. */
export interface Caller {
  /** As the audit names it: `token:NAME`. */
  readonly who: string;
  readonly role: Role;
  readonly scopes: readonly Scope[];
}

export interface ApiRequest<P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

/** What a handler gives: as the answer's schema, moments as `Date`. */
export type Given<T> = T extends string
  ? T | Date
  : T extends readonly (infer U)[]
    ? readonly Given<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Given<T[K]> }
      : T;

type Shape = z.ZodObject;
type Out<S extends Shape | undefined> = S extends Shape ? z.output<S> : Record<never, never>;

interface RouteParts<
  P extends Shape | undefined,
  Q extends Shape | undefined,
  B extends Shape | undefined,
  A extends z.ZodType,
> {
  readonly method: 'GET' | 'POST';
  /** Under `/api/v1`; parts of it as `:name`. */
  readonly path: string;
  readonly role: Role;
  readonly scope: Scope;
  /** What it does, in Russian, one line. */
  readonly summary: string;
  /** What else an integrator must know. */
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  /** Largest body, bytes; 256 KB by default. */
  readonly bodyLimit?: number;
  handle(request: ApiRequest<Out<P>, Out<Q>, Out<B>>): Promise<Given<z.input<A>>>;
}

/** One address of the API as the server and the documents see it. */
export interface ApiRoute
  extends Omit<
    RouteParts<Shape | undefined, Shape | undefined, Shape | undefined, z.ZodType>,
    'params' | 'query' | 'body' | 'handle'
  > {
  readonly params: Shape | undefined;
  readonly query: Shape | undefined;
  readonly body: Shape | undefined;
  handle(request: ApiRequest<unknown, unknown, unknown>): Promise<unknown>;
}

/**
 * Describes an address of the API: the same schemas check what comes, shape what goes, and make the documents.
 * `handle` gets what the schemas have let through.
 */
export function apiRoute<
  A extends z.ZodType,
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends Shape | undefined = undefined,
>(parts: RouteParts<P, Q, B, A>): ApiRoute {
  const { params, query, body, handle } = parts;
  return {
    ...parts,
    params,
    query,
    body,
    // The server calls it with what these same schemas gave, which the erased type cannot say.
    handle: (request) => handle(request as ApiRequest<Out<P>, Out<Q>, Out<B>>),
  };
}
