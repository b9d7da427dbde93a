import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Queryable } from '../../store/data-source.ts';
import { repeatEvery, tellTick } from '../../ticks.ts';
import { aliveSessions } from '../users/sessions.ts';
import { sessionOf } from './cookies.ts';
import { type LiveState, readLiveState } from './live-counts.ts';
import type { Who } from './who.ts';

export interface LiveOptions {
  readonly db: Queryable;
  readonly log: Logger;
  readonly isSecure: boolean;
  readonly who: Who;
  /** How often the database is read while somebody looks, ms. */
  readonly everyMs: number;
}

export interface Live {
  /** Reads and tells at once, and lets those go whose session has ended. */
  look(): Promise<void>;
}

interface Watcher {
  readonly session: string;
  readonly stream: PassThrough;
  /** What it was told last. */
  told?: LiveState;
}

/** Open pages of one session, and of all. */
const MOST_OF_ONE = 20;
const MOST = 500;
/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** One that does not read is let go; it comes back by itself. */
const MOST_UNREAD = 64 * 1024;

/**
 * `/live`: server-sent events for open pages: `counts` (numbers by section) and `changed` (read your lists again). One
 * reader of the database serves all of them and rests when nobody looks.
 */
export function addLive(app: FastifyInstance, options: LiveOptions): Live {
  const { db, everyMs } = options;
  const watchers = new Set<Watcher>();
  const stopping = new AbortController();
  const listener = tellTick(options.log, 'live');
  let turning: AbortController | undefined;
  let saidAt = performance.now();

  async function look(): Promise<void> {
    if (watchers.size === 0) return;
    const alive = await aliveSessions(db, [...new Set([...watchers].map(({ session }) => session))]);
    for (const watcher of watchers) if (!alive.has(watcher.session)) end(watcher);
    const state = await readLiveState(db);
    const beats = performance.now() - saidAt >= HEARTBEAT_MS;
    if (beats) saidAt = performance.now();
    for (const watcher of watchers) tell(watcher, state, beats);
  }

  function tell(watcher: Watcher, state: LiveState, beats: boolean): void {
    const { told, stream } = watcher;
    const counts = JSON.stringify(state.counts);
    let text = beats ? ': still here\n\n' : '';
    if (told === undefined || JSON.stringify(told.counts) !== counts)
      text += `event: counts\ndata: ${counts}\n\n`;
    if (told !== undefined && told.mark !== state.mark) text += 'event: changed\ndata: {}\n\n';
    watcher.told = state;
    if (text !== '') stream.write(text);
    if (stream.writableLength > MOST_UNREAD) end(watcher);
  }

  function end(watcher: Watcher): void {
    watchers.delete(watcher);
    watcher.stream.end();
    if (watchers.size === 0) turning?.abort();
  }

  function turn(): void {
    if (turning !== undefined && !turning.signal.aborted) return;
    turning = new AbortController();
    const signal = AbortSignal.any([turning.signal, stopping.signal]);
    void repeatEvery(everyMs, signal, look, listener);
  }

  // Without HEAD: it would leave a stream that nobody reads.
  app.get('/live', { exposeHeadRoute: false }, async (request, reply) => {
    const viewer = await options.who(request, reply, { touches: false });
    const session = sessionOf(request, options.isSecure);
    if (viewer === undefined || session === undefined || stopping.signal.aborted) {
      return reply.code(401).send();
    }
    const own = [...watchers].filter((watcher) => watcher.session === session);
    if (own[0] !== undefined && own.length >= MOST_OF_ONE) end(own[0]);
    if (watchers.size >= MOST) return reply.code(503).header('retry-after', '60').send();
    const watcher: Watcher = { session, stream: new PassThrough() };
    watchers.add(watcher);
    watcher.stream.on('close', () => end(watcher));
    // Else nothing comes before the first event, and a proxy may think us dead.
    watcher.stream.write('retry: 5000\n\n');
    const known = [...watchers].find(({ told }) => told !== undefined)?.told;
    if (known !== undefined) tell(watcher, known, false);
    turn();
    return reply
      .type('text/event-stream')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(watcher.stream);
  });
  app.addHook('preClose', async () => {
    stopping.abort();
    for (const watcher of watchers) end(watcher);
  });
  return { look };
}
