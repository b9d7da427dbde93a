import type { IncomingHttpHeaders } from 'node:http';
import type { RouteName } from './faults.ts';
import type { Reply } from './reply.ts';
import type { Cabinet, PlatformState } from './state.ts';

/** One request of the interface, read and routed. */
export interface Call {
  readonly state: PlatformState;
  readonly route: RouteName;
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  readonly body: Buffer;
  /** opaId of the header `OPA-ID`; on the token route, of the identifier's cabinet. */
  readonly opaId: string | undefined;
  /** The changing parts of the path. */
  readonly params: readonly string[];
  /** Set by faults that a route itself must play. */
  readonly duplicateItems: boolean;
  readonly ignoreRange: boolean;
}

export type AuthorisedHandler = (call: Call, cabinet: Cabinet) => Reply;
