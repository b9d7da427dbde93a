import type { Platform, PlatformClassifier, PlatformReplies, PlatformShowcase } from '../port.ts';
import { readPlatformClassifier } from './classifier.ts';
import { createClient } from './client.ts';
import { readFeedPage } from './feed.ts';
import { openPlatformFile } from './files.ts';
import { createHttp } from './http.ts';
import { createItemReader, parseRawItem } from './item.ts';
import type { PlatformMapping } from './mapping.ts';
import type { RestLog } from './repeat.ts';
import { createReplies } from './replies.ts';
import { createShowcase } from './showcase.ts';
import { createTokenStore } from './token.ts';

export { type AnswerLimits, answerLimits } from './limits.ts';
export { loadPlatformMapping, type PlatformMapping } from './mapping.ts';
export type { RestLog } from './repeat.ts';

export interface RestPlatformOptions {
  readonly baseUrl: string;
  readonly mapping: PlatformMapping;
  /** Milliseconds for one whole call, and for a file until its headers are there. */
  readonly timeoutMs: number;
  /** Milliseconds of silence after which a file's transfer is given up. */
  readonly idleTimeoutMs: number;
  readonly tokenScope: string;
  readonly log?: RestLog;
  /** Monotonic clock in milliseconds; tests move it. */
  readonly now?: () => number;
  /** Milliseconds before the first short repeat of a read; tests shorten it. */
  readonly repeatDelayMs?: number;
}

/** The platform over its REST interface (contracts/platform-rest.md, sections 1 to 6). */
export function createRestPlatform(
  options: RestPlatformOptions,
): Platform & PlatformReplies & PlatformShowcase & PlatformClassifier {
  const { mapping, idleTimeoutMs, tokenScope, now = () => performance.now() } = options;
  const http = createHttp(options);
  const shared = {
    http,
    mapping,
    ...(options.log !== undefined && { log: options.log }),
    ...(options.repeatDelayMs !== undefined && { repeatDelayMs: options.repeatDelayMs }),
  };
  const tokens = createTokenStore({ ...shared, scope: tokenScope, now });
  const client = createClient({ ...shared, tokens });
  const readItem = createItemReader(mapping);

  return {
    ...createReplies({ client, mapping, idleTimeoutMs }),
    ...createShowcase({ client, mapping, idleTimeoutMs }),
    checkCabinet: (cabinet, signal) => tokens.logIn(cabinet, signal),
    readFeed: (cabinet, query, signal) => readFeedPage(client, mapping, readItem, cabinet, query, signal),
    parseItem: (raw, timeZone) => parseRawItem(mapping, raw, timeZone),
    readClassifier: (cabinet, regionId, signal) =>
      readPlatformClassifier(client, mapping, cabinet, regionId, signal),
    openFile: (cabinet, fileId, offset, signal) =>
      openPlatformFile(client, idleTimeoutMs, cabinet, fileId, offset, signal),
    forget: (opaId) => tokens.forget(opaId),
    async close() {
      http.close();
    },
  };
}
