import type { JournalEntry } from '../alerts/journal.ts';
import type { IncomingMessage, SedEvent } from '../sed/port.ts';
import type { Queryable } from '../store/data-source.ts';
import type { RegistrationDeps } from './deps.ts';
import type { KnownCard } from './sed-event-rows.ts';

/** What a fact changes of its card and package; what of it the journal tells. */
export async function applyEvent(
  deps: RegistrationDeps,
  tx: Queryable,
  event: SedEvent,
  card: KnownCard,
  message: IncomingMessage,
): Promise<JournalEntry[]> {
  const about = { opaId: card.opa_id, appealId: card.appeal_id };
  if (event.kind === 'reception') {
    const pkg = await findPackage(tx, card, message.returnId);
    // Of an older attempt it tells nothing about the one that counts now.
    await tx.query(
      `WITH p AS (
         UPDATE package SET stage = 'received', received_at = now(), taken_at = coalesce(taken_at, now())
         WHERE id = $2 AND stage IN ('sent', 'taken', 'writing') RETURNING part)
       UPDATE card SET stage = 'received' WHERE id = $1 AND stage IN ('planned', 'sent', 'taken')
         AND EXISTS (SELECT 1 FROM p WHERE part = 0)`,
      [card.id, pkg?.newest ? pkg.id : null],
    );
    return [{ ...about, event: 'card-received' }];
  }
  if (event.kind === 'registration') return await applyRegistration(tx, event, card, about);
  if (event.kind === 'failure') return await applyFailure(deps, tx, event, card, message, about);
  return [{ ...about, event: 'sed-event-stored', data: { kind: event.kind } }];
}

async function applyRegistration(
  tx: Queryable,
  event: SedEvent,
  card: KnownCard,
  about: { opaId: string; appealId: string },
): Promise<JournalEntry[]> {
  const number = typeof event.data['number'] === 'string' ? event.data['number'] : null;
  const date = readDay(event.data['date']);
  const documentId = typeof event.data['documentId'] === 'string' ? event.data['documentId'] : null;
  await tx.query(
    `UPDATE card SET stage = 'registered', number = coalesce($2, number), date = coalesce($3::date, date),
       sed_document_id = coalesce($4, sed_document_id), registered_at = coalesce(registered_at, now()),
       error_code = NULL, error_detail = NULL WHERE id = $1`,
    [card.id, number, date, documentId],
  );
  // The registered document is the card itself, whatever package brought the news; an addition has its own.
  await tx.query(
    `UPDATE package SET stage = 'registered', taken_at = coalesce(taken_at, now()), received_at = coalesce(received_at, now())
     WHERE card_id = $1 AND stage <> 'failed' AND part = 0`,
    [card.id],
  );
  return [{ ...about, event: 'card-registered' }];
}

/**
 * An addition is in the card when a Report with its own ReturnID repeats the Registration; as a fact that is not news
 * (Reports are accumulated), so it is no event.
 */
export async function settleAdditions(
  tx: Queryable,
  message: IncomingMessage,
  cards: ReadonlyMap<string, KnownCard>,
): Promise<void> {
  const registered = message.events.filter((event) => event.kind === 'registration');
  const ids = registered.flatMap((event) => {
    const card = cards.get(event.documentUid);
    return card === undefined || card.part === null || card.part === 0 ? [] : [card.id];
  });
  if (ids.length === 0) return;
  await tx.query(
    `UPDATE package SET stage = 'registered', taken_at = coalesce(taken_at, now()), received_at = coalesce(received_at, now())
     WHERE card_id = ANY($1::bigint[]) AND return_id = $2 AND part > 0 AND stage NOT IN ('failed', 'again', 'registered')`,
    [ids, message.returnId],
  );
}

interface AnsweredPackage {
  readonly id: string;
  readonly part: number;
  readonly begun: number;
  readonly stage: string;
  readonly newest: boolean;
  readonly card_stage: string;
}

/**
 * The package that a Reception or Failure answers: that of its ReturnID; when the СЭД did not repeat ours («unknown»
 * occurs), the only one that is under way.
 */
async function findPackage(
  tx: Queryable,
  card: KnownCard,
  returnId: string,
): Promise<AnsweredPackage | undefined> {
  const rows = await tx.query<AnsweredPackage & { return_id: string }>(
    `SELECT p.id::text AS id, p.part, p.begun, p.stage, p.return_id, k.stage AS card_stage,
            NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt) AS newest
     FROM package p JOIN card k ON k.id = p.card_id WHERE p.card_id = $1`,
    [card.id],
  );
  const named = rows.find((row) => row.return_id === returnId);
  if (named !== undefined) return named;
  const underWay = rows.filter((row) => ['writing', 'sent', 'taken', 'received'].includes(row.stage));
  return underWay.length === 1 ? underWay[0] : undefined;
}

/** Group 5 of the failure codes: the document or message is a repeated one (contracts/sev.md). */
const REPEATED_GROUP = 5;
const SETTLED_STAGES: ReadonlySet<string> = new Set(['registered', 'failed', 'again']);

async function applyFailure(
  deps: RegistrationDeps,
  tx: Queryable,
  event: SedEvent,
  card: KnownCard,
  message: IncomingMessage,
  about: { opaId: string; appealId: string },
): Promise<JournalEntry[]> {
  const code = readCode(event.data['code']);
  const text = String(event.data['text'] ?? '');
  const pkg = await findPackage(tx, card, message.returnId);
  const told = { failureCode: code, part: pkg?.part ?? null };
  // A Failure of an older attempt, of what is registered by now, or of what a person has dealt with, is history.
  const registered = pkg?.part === 0 && pkg.card_stage === 'registered';
  if (pkg === undefined || !pkg.newest || registered || SETTLED_STAGES.has(pkg.stage)) {
    return [{ ...about, event: 'failure-outdated', data: told }];
  }
  // Begun more than once it may lie there twice: «repeated» then only says that the first one arrived.
  if (Math.floor(code / 10) === REPEATED_GROUP && pkg.begun > 1) {
    return [{ ...about, event: 'failure-of-double', data: told }];
  }
  await tx.query(`UPDATE package SET stage = 'failed', failure_code = $2, failure_text = $3 WHERE id = $1`, [
    pkg.id,
    code,
    text,
  ]);
  if (pkg.part === 0) {
    await tx.query(
      `UPDATE card SET stage = 'attention', error_code = 'SED_REFUSED', error_detail = $2 WHERE id = $1 AND stage <> 'registered'`,
      [card.id, `${code}: ${text}`],
    );
  }
  await deps.incidents.open(tx, 'SED_REFUSED', `channel:${message.channel}:code-${code}`);
  return [{ ...about, event: 'card-refused', code: 'SED_REFUSED', data: told }];
}

/** A day that the database takes: there the year 0 is none. */
function readDay(date: unknown): string | null {
  return typeof date === 'string' && /^(?!0000)\d{4}-\d\d-\d\d$/.test(date) ? date : null;
}

/** A number that the database takes; a code that is none is 0 and keeps its text. */
function readCode(code: unknown): number {
  const number = Number(code ?? 0);
  return Number.isInteger(number) && Math.abs(number) < 1_000_000 ? number : 0;
}

/** Appeals that wait to link to this card. */
export async function findWaiting(
  tx: Queryable,
  card: KnownCard,
): Promise<{ appealId: string; opaId: string }[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT id::text AS id FROM appeal WHERE opa_id = $1 AND repeat_of = $2 AND due_at IS NOT NULL`,
    [card.opa_id, card.pos_id],
  );
  return rows.map((row) => ({ appealId: row.id, opaId: card.opa_id }));
}
