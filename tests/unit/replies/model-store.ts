import type { DataSource } from 'typeorm';
import type { StoredEvent } from '../../../src/replies/interpret.ts';
import type { Delivery, RepliesState } from '../../../src/replies/state.ts';
import type { Queryable } from '../../../src/store/data-source.ts';

export interface EventRow extends StoredEvent {
  readonly cardId: string;
  handled: boolean;
}
export type DeliveryRow = { -readonly [K in keyof Delivery]: Delivery[K] } & { eventId: string };
export interface JournalRow {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

interface Tables {
  events: EventRow[];
  deliveries: DeliveryRow[];
  journal: JournalRow[];
}

/** The rows of one appeal in memory, behind the very statements of the flow. */
export interface ModelStore {
  readonly tables: Tables;
  readonly db: Queryable;
  readonly dataSource: DataSource;
  load(): RepliesState | undefined;
}

export interface StoreWorld {
  now: number;
  cabinetActive: boolean;
  /** Called before each statement; what it throws, the statement throws. */
  step(): void;
}

type Answer = readonly unknown[];
type Statement = (tables: Tables, p: readonly never[]) => Answer;

/** A store of one appeal with these cards. Transactions are whole or nothing, as those of the database. */
export function createModelStore(world: StoreWorld, cardIds: readonly string[]): ModelStore {
  let tables: Tables = { events: [], deliveries: [], journal: [] };
  const statements = statementsOf(world);

  function run(sql: string, params: readonly unknown[]): Answer {
    world.step();
    const line = sql.replace(/\s+/g, ' ').trim();
    if (line.startsWith('SELECT json_build_object(')) {
      const state = load();
      return state === undefined ? [] : [{ state }];
    }
    const found = statements.find(([start]) => line.startsWith(start));
    if (found === undefined) throw new Error(`the model does not know: ${line.slice(0, 120)}`);
    return found[1](tables, params as readonly never[]);
  }

  function load(): RepliesState | undefined {
    const hasWork =
      tables.events.some((event) => !event.handled) ||
      tables.deliveries.some((row) => ['queued', 'sending', 'unknown'].includes(row.state));
    if (!hasWork) return undefined;
    const cards = cardIds.map((id) => ({
      id,
      repetition: id,
      number: 'К-1',
      date: '2026-02-02',
      fresh: structuredClone(tables.events.filter((event) => event.cardId === id && !event.handled)),
      deadlines: tables.events
        .filter((event) => event.cardId === id && event.handled && event.kind === 'deadline')
        .map((event) => ({ day: String(event.data['deadline']), at: event.at }))
        .sort((a, b) => a.at - b.at),
      deliveries: structuredClone(tables.deliveries.filter((row) => row.cardId === id)),
    }));
    const { now, cabinetActive } = world;
    return { appealId: '1', opaId: '100', posId: '7', answerAt: null, now, cabinetActive, cards };
  }

  return {
    get tables() {
      return tables;
    },
    db: { query: async (sql, params = []) => run(sql, params) as never[] },
    dataSource: {
      createQueryRunner() {
        const before = structuredClone(tables);
        return {
          connect: async () => ({
            async query() {
              world.step();
              return { command: 'COMMIT' };
            },
          }),
          release: async () => undefined,
          async query(sql: string, params: unknown[]) {
            if (sql === 'ROLLBACK') tables = before;
            if (sql === 'BEGIN' || sql === 'ROLLBACK') return { records: [] };
            return { records: run(sql, params) };
          },
        };
      },
    } as unknown as DataSource,
    load,
  };
}

/** What each statement of the flow does, by how it starts. */
function statementsOf(world: StoreWorld): readonly (readonly [string, Statement])[] {
  const fenced = (tables: Tables, id: string, state: string, attempts: number) =>
    tables.deliveries.find((row) => row.id === id && row.state === state && row.attempts === attempts);
  const add = (seconds: number) => world.now + seconds * 1000;
  return [
    ['SELECT id FROM appeal', () => []],
    [
      "UPDATE delivery SET state = 'sending'",
      (tables, [id, attempts, owner, baseline]) => {
        const row = fenced(tables, id ?? '', 'queued', attempts ?? 0);
        if (row === undefined) return [];
        Object.assign(row, { state: 'sending', owner, baseline, begunAt: world.now, endedAt: null });
        row.attempts += 1;
        return [{ at: world.now }];
      },
    ],
    [
      "UPDATE delivery SET state = 'unknown', ended_at",
      (tables, [id, attempts, seconds]) => {
        const row = fenced(tables, id ?? '', 'sending', attempts ?? 0);
        if (row === undefined) return [];
        Object.assign(row, { state: 'unknown', endedAt: world.now, nextTryAt: add(seconds ?? 0) });
        return [{ at: world.now }];
      },
    ],
    [
      'UPDATE delivery SET next_try_at',
      (tables, [id, attempts, seconds]) => {
        const row = fenced(tables, id ?? '', 'unknown', attempts ?? 0);
        if (row !== undefined) row.nextTryAt = add(seconds ?? 0);
        return [];
      },
    ],
    [
      'UPDATE delivery SET state = $4',
      (tables, [id, state, attempts, back, retryUsedMs, seconds, , , baseline, failures]) => {
        const row = fenced(tables, id ?? '', state ?? '', attempts ?? 0);
        if (row === undefined) return [];
        const nextTryAt = add(seconds ?? 0);
        const endedAt = row.endedAt ?? world.now;
        Object.assign(row, { state: back, retryUsedMs, nextTryAt, endedAt, baseline, failures });
        return [{ at: nextTryAt }];
      },
    ],
    [
      "UPDATE delivery SET state = 'attention'",
      (tables, [id, state, attempts, , , , baseline]) => {
        const row = fenced(tables, id ?? '', state ?? '', attempts ?? 0);
        if (row === undefined) return [];
        Object.assign(row, { state: 'attention', endedAt: world.now, baseline });
        return [{ id }];
      },
    ],
    [
      "UPDATE delivery SET state = 'done'",
      (tables, [id]) => {
        for (const row of tables.deliveries) if (row.id === id) row.state = 'done';
        return [];
      },
    ],
    [
      "UPDATE delivery SET state = 'cancelled', settled_at = now() WHERE id = ANY",
      (tables, [ids]) => {
        const rows = tables.deliveries.filter(
          (row) => ((ids ?? []) as string[]).includes(row.id) && ['queued', 'attention'].includes(row.state),
        );
        for (const row of rows) row.state = 'cancelled';
        return rows.map(({ seq }) => ({ seq }));
      },
    ],
    [
      'UPDATE delivery_file SET platform_file_id',
      (tables, [id, position, fileId]) => {
        const row = tables.deliveries.find((candidate) => candidate.id === id);
        const file = row?.files.find((candidate) => candidate.position === position);
        if (row === undefined || file === undefined || file.platformFileId !== null) return [];
        row.files = row.files.map((other) =>
          other === file ? { ...file, platformFileId: fileId ?? '' } : other,
        );
        return [{ position }];
      },
    ],
    [
      'UPDATE sed_event SET handled_at = now()',
      (tables, [id]) => {
        for (const event of tables.events) if (event.id === id) event.handled = true;
        return [];
      },
    ],
    [
      'UPDATE sed_event SET handled_at = NULL WHERE NOT EXISTS',
      (tables, [cardId]) => {
        const newest = tables.events
          .filter((event) => event.cardId === cardId && event.kind === 'deadline')
          .sort((a, b) => b.at - a.at || Number(b.id) - Number(a.id))[0];
        const isTold = tables.deliveries.some((row) => row.eventId === newest?.id);
        if (newest !== undefined && !isTold) newest.handled = false;
        return [];
      },
    ],
    [
      'INSERT INTO delivery (',
      (tables, [, cardId, eventId, seq, key, , , payload, state]) => {
        if (tables.deliveries.some((row) => row.key === key)) return [];
        const id = String(tables.deliveries.length + 1);
        tables.deliveries.push({
          id,
          cardId: cardId ?? '',
          eventId: eventId ?? '',
          seq: seq ?? 0,
          key: key ?? '',
          payload: JSON.parse(payload ?? ''),
          state: state ?? 'queued',
          attempts: 0,
          retryUsedMs: 0,
          failures: 0,
          nextTryAt: world.now,
          owner: null,
          begunAt: null,
          endedAt: null,
          baseline: null,
          files: [],
        });
        return [{ id }];
      },
    ],
    [
      'INSERT INTO delivery_file',
      (tables, [id, position, name, sha256, size, eventId]) => {
        const row = tables.deliveries.find((candidate) => candidate.id === id);
        const before = tables.deliveries
          .filter((other) => other.eventId === eventId)
          .flatMap((other) => other.files)
          .find((file) => file.sha256 === sha256 && file.name === name && file.platformFileId !== null);
        const file = { position, name, sha256, size, platformFileId: before?.platformFileId ?? null };
        if (row !== undefined) row.files = [...row.files, file as never];
        return [];
      },
    ],
    ['INSERT INTO sed_reply', () => []],
    ['DELETE FROM sed_reply', () => []],
    ['UPDATE appeal SET due_at', () => []],
    ['SELECT (SELECT i.id FROM incident', () => []],
    ['INSERT INTO audit', () => []],
    ...journalStatements(),
    ...commandStatements(world),
  ];
}

function journalStatements(): readonly (readonly [string, Statement])[] {
  return [
    [
      'INSERT INTO journal',
      (tables, [, , events, , data]) => {
        const texts = (data ?? []) as string[];
        for (const [index, event] of ((events ?? []) as string[]).entries()) {
          tables.journal.push({ event, data: JSON.parse(texts[index] ?? '{}') });
        }
        return [];
      },
    ],
  ];
}

function among(ids: unknown, id: string): boolean {
  return ((ids ?? []) as readonly string[]).includes(id);
}

/** The statements of «deliveries resend» and «deliveries cancel». */
function commandStatements(world: StoreWorld): readonly (readonly [string, Statement])[] {
  const find = (tables: Tables, id: string) => tables.deliveries.find((row) => row.id === id);
  return [
    [
      'SELECT d.id::text AS id FROM delivery d',
      (tables) => tables.deliveries.filter((row) => row.state === 'attention').map(({ id }) => ({ id })),
    ],
    [
      'SELECT d.id::text AS id, d.appeal_id',
      (tables, [ids]) =>
        tables.deliveries
          .filter((row) => row.state === 'attention' && among(ids, row.id))
          .map((row) => ({
            id: row.id,
            appeal_id: '1',
            opa_id: '100',
            in_doubt: row.baseline !== null,
            event_id: row.eventId,
          })),
    ],
    [
      "UPDATE delivery SET state = 'cancelled', settled_at = now(), key",
      (tables, [ids]) => {
        for (const row of tables.deliveries) {
          if (among(ids, row.id)) Object.assign(row, { state: 'cancelled', key: `${row.key}:${row.id}` });
        }
        return [];
      },
    ],
    [
      'UPDATE sed_event SET handled_at = NULL WHERE id = ANY',
      (tables, [ids]) => {
        for (const event of tables.events) if (among(ids, event.id)) event.handled = false;
        return [];
      },
    ],
    [
      "UPDATE delivery SET state = 'unknown', retry_used_ms = 0",
      (tables, [ids]) => {
        for (const row of tables.deliveries) {
          if (!among(ids, row.id)) continue;
          Object.assign(row, { state: 'unknown', retryUsedMs: 0, failures: 0, nextTryAt: world.now });
        }
        return [];
      },
    ],
    [
      "UPDATE delivery d SET state = 'cancelled'",
      (tables, [id]) => {
        const row = find(tables, id ?? '');
        if (row === undefined || !['queued', 'attention'].includes(row.state)) return [];
        row.state = 'cancelled';
        return [{ appeal_id: '1', opa_id: '100' }];
      },
    ],
  ];
}
