import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveControl } from './control.ts';
import { servePages } from './pages.ts';
import { jsonReply, sendReply } from './reply.ts';
import { findRoute } from './routes.ts';
import { serveApi } from './serve.ts';
import { controlOf, type PlatformControl } from './simulator.ts';
import { createState, type PlatformState } from './state.ts';
import type { PlatformOptions } from './types.ts';

export type { FaultKind, FaultSpec, RouteName } from './faults.ts';
export { connectPlatform, type RemotePlatform } from './remote.ts';
export type { ShowcaseRule, UploadSummary, WireRecord } from './showcase-types.ts';
export type { PlatformControl } from './simulator.ts';
export type { Counters } from './state.ts';
export type {
  AppealInput,
  CabinetInput,
  ChangeKind,
  FileInput,
  HistoryEntry,
  KeyMode,
  PlatformOptions,
  WireAppeal,
} from './types.ts';

export interface PlatformSimulator extends PlatformControl {
  /** `http://127.0.0.1:{port}`, no slash at the end. */
  readonly url: string;
  /** Drops every connection and every late commit that has not come due. */
  close(): Promise<void>;
}

const CONTROL = '/_control/';

async function serve(
  state: PlatformState,
  control: PlatformControl,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const target = req.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const found = findRoute(req.method ?? 'GET', path);
  if (found !== undefined) return serveApi(state, found, query, req, res);
  if (path.startsWith(CONTROL)) return serveControl(state, control, path.slice(CONTROL.length), req, res);
  return servePages(state, path, query, req, res);
}

/**
 * Starts a simulated platform on 127.0.0.1 (contract: platform-rest, sections 1 to 6), with pages for people
 * at `/` and a control interface under `/_control/`. It knows nothing of the connector's code.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<PlatformSimulator> {
  const state = createState(options);
  const control = controlOf(state);
  const server = createServer({ keepAlive: true }, (req, res) => {
    // A caller that leaves in the middle is nothing to report.
    res.on('error', () => undefined);
    serve(state, control, req, res).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (res.headersSent) res.destroy();
      else void sendReply(state, res, jsonReply(500, { error: 'simulator', message }));
    });
  });
  // Longer than any client keeps an idle connection, so that no request meets a closing one by chance.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...control,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const timer of state.timers) clearTimeout(timer);
        state.timers.clear();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
