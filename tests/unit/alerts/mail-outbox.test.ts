import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { enqueueMail, type NewMail, sweepMails } from '../../../src/alerts/mail/outbox.ts';
import { type MailDeps, masked, messageIdOf, sendMails } from '../../../src/alerts/mail/send.ts';
import { createMailTransport } from '../../../src/alerts/mail/smtp.ts';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import { inTransaction, type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { closeMailServers, type MailServer, startMailServer, trustTestCertificate } from './mail-server.ts';

let database: TestDatabase;
let db: Queryable;
let server: MailServer;
const log = pino({ level: 'silent' });
const never = new AbortController().signal;

beforeAll(async () => {
  trustTestCertificate();
  database = await createTestDatabase();
  db = queryable(database.dataSource);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await db.query(`TRUNCATE mail, mail_recipient, journal, incident CASCADE`);
  server = await startMailServer();
});
afterEach(closeMailServers);

const clock = { now: 0 };

function depsAt(port: number, password: () => Promise<string | undefined> = async () => undefined): MailDeps {
  const smtp = {
    host: '127.0.0.1',
    port,
    secure: false,
    requireTls: false,
    from: 'posrednik@example.org',
    to: ['a@example.org'],
  };
  return {
    dataSource: database.dataSource,
    db,
    transport: createMailTransport(smtp, password),
    from: smtp.from,
    breakers: createBreakers({ now: () => clock.now, settings: { failuresInRow: 3 } }),
    incidents: createIncidents(log),
    log,
    retry: { base: 1000, factor: 2, cap: 3_600_000 },
    random: () => 0.5,
  };
}

const mail = (more: Partial<NewMail> = {}): NewMail => ({
  key: 'cause:1',
  to: ['a@example.org'],
  subject: 'Тема',
  text: 'Текст',
  html: '<p>Текст</p>',
  ...more,
});

/** Whatever waits is due. */
const hurry = () => db.query(`UPDATE mail SET next_try_at = now() WHERE settled_at IS NULL`);
const people = () => db.query(`SELECT address, state, answer FROM mail_recipient ORDER BY mail_id, address`);
const rows = () =>
  db.query<{ failures: number; attempts: number; code: string | null; settled: boolean }>(
    `SELECT failures, attempts, error_code AS code, settled_at IS NOT NULL AS settled FROM mail ORDER BY id`,
  );

describe('the outbox', () => {
  it('keeps a mail exactly when its cause is kept', async () => {
    const lost = inTransaction(database.dataSource, async (tx) => {
      await enqueueMail(tx, mail());
      throw new Error('the cause is not stored');
    });
    await expect(lost).rejects.toThrow('the cause');
    expect(await rows()).toEqual([]);
    await inTransaction(database.dataSource, (tx) => enqueueMail(tx, mail()));
    expect(await sendMails(depsAt(server.port), never)).toBe(1);
    expect(server.mails).toHaveLength(1);
    expect(await people()).toEqual([{ address: 'a@example.org', state: 'sent', answer: null }]);
    expect(await db.query(`SELECT event, data FROM journal`)).toMatchObject([
      { event: 'mail-sent', data: { to: 'a…@example.org' } },
    ]);
  });

  it('makes one mail of one cause, to each address once, and none to nobody', async () => {
    expect(await enqueueMail(db, mail({ to: ['a@example.org', ' a@example.org ', ''] }))).toBe(true);
    expect(await enqueueMail(db, mail({ subject: 'Другая' }))).toBe(false);
    expect(await enqueueMail(db, mail({ key: 'cause:2', to: ['', ' '] }))).toBe(false);
    expect(await people()).toHaveLength(1);
  });

  it('takes any text, also what the database refuses', async () => {
    const wild = 'x\0y\uD800z "кавычки" \\u0000 \u2028';
    await enqueueMail(
      db,
      mail({
        subject: `a\r\nBcc: x@y.z${wild}`,
        text: wild,
        attachments: [{ name: 'a.csv', type: 'text/csv', content: wild }],
      }),
    );
    await sendMails(depsAt(server.port), never);
    expect(server.mails[0]?.subject).toBe('a Bcc: x@y.zx\uFFFDy\uFFFDz "кавычки" \\u0000 ');
    expect(server.mails[0]?.to).toEqual(['a@example.org']);
    expect(server.mails[0]?.raw).not.toMatch(/^Bcc:/im);
  });

  it('forgets what was served long ago, never what waits', async () => {
    await enqueueMail(db, mail());
    await sendMails(depsAt(server.port), never);
    await enqueueMail(db, mail({ key: 'cause:2' }));
    await db.query(
      `UPDATE mail SET settled_at = settled_at - interval '40 days', created_at = now() - interval '40 days'`,
    );
    expect(await sweepMails(db, 30)).toBe(1);
    expect(await rows()).toMatchObject([{ settled: false }]);
  });
});

describe('sending', () => {
  it('is done by one of several daemons', async () => {
    for (let index = 0; index < 8; index += 1) await enqueueMail(db, mail({ key: `cause:${index}` }));
    const done = await Promise.all(Array.from({ length: 4 }, () => sendMails(depsAt(server.port), never)));
    expect(done.reduce((sum, count) => sum + count, 0)).toBe(8);
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(8);
    expect(server.mails).toHaveLength(8);
  });

  it('after a death between the answer and our note comes again under the same id', async () => {
    await enqueueMail(db, mail());
    const dying: MailDeps = {
      ...depsAt(server.port),
      dataSource: new Proxy(database.dataSource, {
        get(target, name) {
          if (name === 'createQueryRunner') throw new Error('dead');
          return Reflect.get(target, name);
        },
      }),
    };
    await expect(sendMails(dying, never)).rejects.toThrow('dead');
    expect(await sendMails(depsAt(server.port), never)).toBe(0);
    await hurry();
    await sendMails(depsAt(server.port), never);
    expect(server.mails).toHaveLength(2);
    expect(server.mails[0]?.messageId).toBe(server.mails[1]?.messageId);
    expect(await rows()).toMatchObject([{ settled: true }]);
  });

  it('goes on while the server is down, then up: kept, put off, sent once', async () => {
    const { port } = server;
    await closeMailServers();
    await enqueueMail(db, mail());
    const deps = depsAt(port);
    for (let turn = 0; turn < 6; turn += 1) {
      await hurry();
      await sendMails(deps, never);
    }
    // The third failure opened the breaker: no more tries are burnt.
    expect(await rows()).toMatchObject([{ failures: 3, code: 'SMTP_UNREACHABLE', settled: false }]);
    server = await startMailServer({}, port);
    clock.now += 3_600_000;
    await hurry();
    await sendMails(deps, never);
    expect(server.mails).toHaveLength(1);
    expect(await rows()).toMatchObject([{ settled: true }]);
  });

  it('repeats greylisting (451) with growing pauses until it is taken', async () => {
    await enqueueMail(db, mail());
    server.refusals.set('a@example.org', 451);
    const deps = depsAt(server.port);
    const waits: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await hurry();
      await sendMails(deps, never);
      const [row] = await db.query<{ wait: number }>(
        `SELECT extract(epoch FROM next_try_at - now())::float8 AS wait FROM mail`,
      );
      waits.push(Math.round((row?.wait ?? 0) * 2));
    }
    expect(waits).toEqual([1, 2, 4]);
    expect(await people()).toEqual([{ address: 'a@example.org', state: 'waiting', answer: 451 }]);
    server.refusals.clear();
    await hurry();
    await sendMails(deps, never);
    expect(server.mails).toHaveLength(1);
  });

  it('writes to the others when one is refused (550), and says so in the journal without the address', async () => {
    await enqueueMail(db, mail({ to: ['a@example.org', 'gone@example.org', 'later@example.org'] }));
    server.refusals.set('gone@example.org', 550).set('later@example.org', 451);
    const deps = depsAt(server.port);
    await sendMails(deps, never);
    server.refusals.delete('later@example.org');
    await hurry();
    await sendMails(deps, never);
    expect(await people()).toEqual([
      { address: 'a@example.org', state: 'sent', answer: null },
      { address: 'gone@example.org', state: 'refused', answer: 550 },
      { address: 'later@example.org', state: 'sent', answer: null },
    ]);
    // Nobody got it twice.
    expect(server.mails.map(({ to }) => to)).toEqual([['a@example.org'], ['later@example.org']]);
    const journal = await db.query<{ event: string; data: { to: string; answer?: string } }>(
      `SELECT event, data FROM journal WHERE event = 'mail-refused'`,
    );
    expect(journal).toMatchObject([{ data: { to: 'g…@example.org', answer: '550' } }]);
    expect(await rows()).toMatchObject([{ settled: true }]);
  });

  it('refused for the log-in is an incident that ends with the next mail', async () => {
    await closeMailServers();
    let right = 'другой';
    server = await startMailServer({
      authOptional: false,
      onAuth: ({ password }, _session, done) =>
        password === right
          ? done(null, { user: 'u' })
          : done(Object.assign(new Error('no'), { responseCode: 535 })),
    });
    const smtp = {
      ...{ host: '127.0.0.1', port: server.port, secure: false, requireTls: false, user: 'u' },
      ...{ from: 'posrednik@example.org', to: [] },
    };
    const deps = { ...depsAt(0), transport: createMailTransport(smtp, async () => 'secret') };
    await enqueueMail(db, mail());
    await sendMails(deps, never);
    const incidents = () => db.query(`SELECT code, scope, closed_at IS NULL AS open FROM incident`);
    expect(await incidents()).toEqual([{ code: 'SMTP_REFUSED', scope: 'smtp', open: true }]);
    right = 'secret';
    await hurry();
    await sendMails(deps, never);
    expect(server.mails).toHaveLength(1);
    expect(await incidents()).toEqual([{ code: 'SMTP_REFUSED', scope: 'smtp', open: false }]);
  });

  it('begins nothing more once it is told to stop', async () => {
    for (let index = 0; index < 3; index += 1) await enqueueMail(db, mail({ key: `cause:${index}` }));
    expect(await sendMails(depsAt(server.port), AbortSignal.abort())).toBe(0);
    expect(server.mails).toEqual([]);
  });
});

describe('names', () => {
  it('Message-ID follows from the cause and the sender’s domain alone', () => {
    expect(messageIdOf('x', 'A <a@b.example>')).toBe(messageIdOf('x', 'c@b.example'));
    expect(messageIdOf('x', 'a@b.example')).toMatch(/^<[0-9a-f]{32}@b\.example>$/);
    expect(messageIdOf('x', 'a@b.example')).not.toBe(messageIdOf('y', 'a@b.example'));
    expect(messageIdOf('x', 'кто-то')).toMatch(/@posrednik\.local>$/);
  });

  it('an address in a journal is not whole', () => {
    expect(masked('ivanov@example.org')).toBe('i…@example.org');
    expect(masked('Иванов <ivanov@example.org>')).toBe('i…@example.org');
    expect(masked('ivanov')).toBe('…');
  });
});
