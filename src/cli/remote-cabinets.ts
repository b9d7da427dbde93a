import { z } from 'zod';
import { CABINET_STATES, trouble } from '../console/api/schemas.ts';
import type { CabinetState } from '../intake/cabinets.ts';
import { callApi } from './api-client.ts';

/** The daemon tries to log in for as long as its platform's time limits say. */
const CHECK_TIMEOUT_MS = 180_000;

const changedState = z.object({ state: z.enum(CABINET_STATES), changed: z.boolean() });

export interface ChangedState {
  readonly state: CabinetState;
  readonly changed: boolean;
}

/**
 * What `--api` does for a cabinet instead of the database: the same results, through a daemon.
 * @throws what `callApi` throws; Fault API_NOT_FOUND for a cabinet that is not in the daemon's settings
 */

export async function remotePause(api: string, id: string, why: string): Promise<ChangedState> {
  return await callApi(api, { method: 'POST', path: at(id, 'pause'), body: { why }, answer: changedState });
}

export async function remoteResume(api: string, id: string): Promise<ChangedState> {
  return await callApi(api, { method: 'POST', path: at(id, 'resume'), body: {}, answer: changedState });
}

export interface Checked {
  readonly state: CabinetState;
  /** Why the platform does not let it in; absent: it does. */
  readonly fault?: { readonly code: string; readonly detail?: string | undefined };
}

export async function remoteCheck(api: string, id: string): Promise<Checked> {
  const given = await callApi(api, {
    method: 'POST',
    path: at(id, 'check'),
    body: {},
    timeoutMs: CHECK_TIMEOUT_MS,
    answer: z.object({ state: z.enum(CABINET_STATES), trouble: trouble.nullable() }),
  });
  if (given.trouble === null) return { state: given.state };
  const { code, detail } = given.trouble;
  return { state: given.state, fault: { code, ...(detail === null ? {} : { detail }) } };
}

export interface Asked {
  readonly from: Date;
  readonly to: Date;
  /** The cabinet is in use: the back-fill begins at once. */
  readonly enabled: boolean;
}

export async function remoteBackfill(
  api: string,
  id: string,
  days: { readonly from: string; readonly to: string; readonly forceCards: boolean },
  why: string,
): Promise<Asked> {
  const given = await callApi(api, {
    method: 'POST',
    path: at(id, 'backfill'),
    body: { from: days.from, to: days.to, withCards: days.forceCards, why },
    answer: z.object({ from: z.string(), to: z.string(), enabled: z.boolean() }),
  });
  return { from: new Date(given.from), to: new Date(given.to), enabled: given.enabled };
}

function at(id: string, action: string): string {
  return `/cabinets/${encodeURIComponent(id)}/${action}`;
}
