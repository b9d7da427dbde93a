import type { DeliveryPayload } from '../../../model/delivery.ts';
import { toFault } from '../../../model/errors.ts';
import { loadAppeals } from '../../../registration/state.ts';
import { buildRequest } from '../../../registration/write-card.ts';
import type { ConsoleDeps } from '../../deps.ts';
import type { Source } from './timeline.ts';

/** A message as it stood at the border. */
export interface RawPart {
  /** Name of the file when it is downloaded. */
  readonly name: string;
  readonly text: string;
}

/** The raw messages of an entry; empty when nothing is kept of it, or it belongs to another appeal. */
export async function readRaw(
  deps: ConsoleDeps,
  appealId: string,
  source: Source,
  id: string,
): Promise<readonly RawPart[]> {
  switch (source) {
    case 'change':
      return await readChange(deps, appealId, id);
    case 'message':
      return await readMessage(deps, appealId, id);
    case 'package':
      return await renderPackage(deps, appealId, id);
    case 'delivery':
      return await renderDelivery(deps, appealId, id);
    default:
      return [];
  }
}

async function readChange({ db }: ConsoleDeps, appealId: string, id: string): Promise<RawPart[]> {
  const rows = await db.query<{ raw: string }>(
    `SELECT raw FROM appeal_change WHERE id = $1 AND appeal_id = $2 AND raw IS NOT NULL`,
    [id, appealId],
  );
  return rows.map(({ raw }) => ({ name: `change-${id}.json`, text: raw }));
}

async function readMessage({ db }: ConsoleDeps, appealId: string, id: string): Promise<RawPart[]> {
  const rows = await db.query<{ raw: string; type: string }>(
    `SELECT m.raw, m.message_type AS type FROM sed_message m WHERE m.id = $1 AND m.raw IS NOT NULL AND (
       EXISTS (SELECT 1 FROM sed_event e JOIN card k ON k.id = e.card_id WHERE e.message_id = m.id AND k.appeal_id = $2)
       OR EXISTS (SELECT 1 FROM package p JOIN card k ON k.id = p.card_id WHERE p.return_id = m.return_id AND k.appeal_id = $2))`,
    [id, appealId],
  );
  return rows.map(({ raw }) => ({ name: `message-${id}.xml`, text: raw }));
}

/** As it was written: all that it is made of was pinned when it was begun. */
async function renderPackage(deps: ConsoleDeps, appealId: string, id: string): Promise<RawPart[]> {
  const { sed, computeDeadline, db, platform, spool } = deps;
  if (sed === undefined || computeDeadline === undefined) return [];
  const [state] = await loadAppeals(db, [appealId]);
  const config = deps.cabinets().find(({ opaId }) => opaId === state?.opaId);
  const card = state?.cards.find(({ packages }) => packages.some((pkg) => pkg.id === id));
  const pkg = card?.packages.find((one) => one.id === id);
  if (state === undefined || config === undefined || card === undefined || pkg === undefined) return [];
  try {
    const cabinet = { config, access: config.access };
    const request = await buildRequest({ db, platform, spool, computeDeadline }, state, card, pkg, cabinet);
    const { files, envelope } = sed.render(request);
    const texts = files.flatMap(({ name, content }) =>
      content instanceof Uint8Array ? [{ name, text: new TextDecoder().decode(content) }] : [],
    );
    return [...texts, { name: 'envelope.env', text: new TextDecoder().decode(envelope) }];
  } catch (error) {
    // A mapping that was changed since, or a file that is gone: the page says so by showing nothing.
    if (toFault(error).kind === 'rejected') return [];
    throw error;
  }
}

interface DeliveryRow {
  readonly key: string;
  readonly payload: DeliveryPayload;
  readonly opaId: string;
  readonly posId: string;
  readonly files: readonly (string | null)[];
}

/** The call as it would be made; files that the platform has not got yet have no id. */
async function renderDelivery(
  { db, platform }: ConsoleDeps,
  appealId: string,
  id: string,
): Promise<RawPart[]> {
  const [row] = await db.query<DeliveryRow>(
    `SELECT d.key, d.payload, a.opa_id AS "opaId", a.pos_id AS "posId",
       coalesce((SELECT json_agg(f.platform_file_id ORDER BY f.position) FROM delivery_file f WHERE f.delivery_id = d.id), '[]') AS files
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id WHERE d.id = $1 AND d.appeal_id = $2`,
    [id, appealId],
  );
  if (row === undefined) return [];
  const { key, payload, opaId, posId } = row;
  const files = row.files.map((file) => file ?? '—');
  const call =
    payload.kind === 'answer'
      ? platform.renderAnswer(opaId, posId, key, payload, files)
      : platform.renderStatus(opaId, posId, key, payload);
  return [{ name: `delivery-${id}.json`, text: JSON.stringify(call) }];
}
