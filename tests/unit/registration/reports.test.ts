import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { acceptMessage, createSink } from '../../../src/registration/sed-events.ts';
import { untilQuiet } from './folders.ts';
import {
  about,
  consideration,
  failure,
  message,
  reception,
  registration,
  registrationEvent,
} from './messages.ts';
import { type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, incidentsOf, journalOf, packageOf } from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig.stop();
});
beforeEach(() => {
  rig.delo.behave({ silent: false, registration: 'auto', twice: 0, reorder: 0, nonsense: 0 });
});

async function untilStage(posId: string, stage: string): Promise<void> {
  await rig.until(`card ${stage}`, async () => (await cardsOf(rig.db, posId))[0]?.stage === stage);
}

/** An appeal that the СЭД has and says nothing about. */
async function sent(): Promise<string> {
  rig.delo.behave({ silent: true });
  const posId = await rig.appeal();
  await untilStage(posId, 'sent');
  return posId;
}

async function atOf(posId: string) {
  return about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
}

interface EventRow {
  readonly kind: string;
  readonly subject: string;
  readonly card_id: string | null;
  readonly handled: boolean;
  readonly data: Record<string, unknown>;
}

async function eventsOf(documentUid: string): Promise<EventRow[]> {
  return await rig.db.query<EventRow>(
    `SELECT kind, subject, card_id::text AS card_id, handled_at IS NOT NULL AS handled, data
     FROM sed_event WHERE document_uid = $1 ORDER BY id`,
    [documentUid],
  );
}

async function times(posId: string, event: string): Promise<number> {
  return (await journalOf(rig.db, posId)).filter((told) => told === event).length;
}

describe('Reports as they come', () => {
  it('give the card its number, its day and its stages', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStage(posId, 'received');
    expect((await packageOf(rig.db, posId)).stage).toBe('received');
    const { document_uid } = await cardOf(rig.db, posId);
    rig.delo.register(rig.delo.cardByUid(document_uid)?.id ?? '');
    await untilStage(posId, 'registered');
    const shown = rig.delo.cardByUid(document_uid);
    expect(await cardOf(rig.db, posId)).toMatchObject({ number: shown?.number, date: shown?.date });
    expect((await packageOf(rig.db, posId)).stage).toBe('registered');
  });

  it('doubled and out of order, all of them: every card registers, everything is told once', async () => {
    rig.delo.behave({ twice: 1, reorder: 0.5 });
    const posIds = [];
    for (let count = 0; count < 12; count += 1) posIds.push(await rig.appeal());
    for (const posId of posIds) await untilStage(posId, 'registered');
    rig.delo.release();
    await untilQuiet(rig);
    for (const posId of posIds) {
      expect((await cardOf(rig.db, posId)).stage).toBe('registered');
      expect(await times(posId, 'card-registered')).toBe(1);
      expect(await times(posId, 'card-received')).toBe(1);
    }
    expect(await incidentsOf(rig.db, 'SED_MESSAGE_ORPHAN')).toEqual([]);
  });

  it('with nonsense between them: it is set aside, the rest goes on', async () => {
    rig.delo.behave({ nonsense: 1, nonsenseKinds: ['not-xml', 'truncated', 'dtd'] });
    const posId = await rig.appeal();
    await untilStage(posId, 'registered');
    await rig.delo.idle();
    expect((await cardOf(rig.db, posId)).stage).toBe('registered');
  });

  it('a Reception after the Registration takes nothing back', async () => {
    const posId = await sent();
    const at = await atOf(posId);
    await acceptMessage(rig.deps, registration(at));
    await acceptMessage(rig.deps, reception(at));
    expect((await cardOf(rig.db, posId)).stage).toBe('registered');
    expect((await packageOf(rig.db, posId)).stage).toBe('registered');
  });

  it('a Reception without our ReturnID still shows that the card has arrived', async () => {
    const posId = await sent();
    const { documentUid } = await atOf(posId);
    await acceptMessage(rig.deps, reception({ documentUid, returnId: 'unknown' }));
    expect((await cardOf(rig.db, posId)).stage).toBe('received');
  });

  it('a Registration after a Failure wins: the clerk has registered it all the same', async () => {
    const posId = await sent();
    const at = await atOf(posId);
    await acceptMessage(rig.deps, failure(at, 39));
    expect((await cardOf(rig.db, posId)).stage).toBe('attention');
    await acceptMessage(rig.deps, registration(at, 'ОГ-77/26', '2026-11-21'));
    expect(await cardOf(rig.db, posId)).toMatchObject({
      stage: 'registered',
      number: 'ОГ-77/26',
      date: '2026-11-21',
      error_code: null,
    });
  });

  it('the same fact in the fifth Report is no news, a new one is', async () => {
    const posId = await sent();
    const { documentUid, returnId } = await atOf(posId);
    const registered = registrationEvent(documentUid, 'ОГ-1/26', '2026-11-20');
    const reports = ['task-1', 'task-2', 'task-3'].map((_, index, tasks) =>
      message([registered, ...tasks.slice(0, index + 1).map((task) => consideration(documentUid, task))], {
        returnId,
      }),
    );
    for (const report of [...reports, ...reports.toReversed()]) await acceptMessage(rig.deps, report);
    const events = await eventsOf(documentUid);
    expect(events.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['registration', documentUid],
      ['consideration', 'task-1'],
      ['consideration', 'task-2'],
      ['consideration', 'task-3'],
    ]);
    // The flow that carries facts back has them still before it.
    expect(events.map(({ handled }) => handled)).not.toContain(true);
    expect(await times(posId, 'card-registered')).toBe(1);
  });

  it('all at once, from many messages: the card is registered once', async () => {
    const posId = await sent();
    const at = await atOf(posId);
    const told = [
      ...Array.from({ length: 5 }, () => registration(at)),
      ...Array.from({ length: 5 }, () => reception(at)),
    ];
    await Promise.all(told.map((one) => acceptMessage(rig.deps, one)));
    expect((await cardOf(rig.db, posId)).stage).toBe('registered');
    expect(await times(posId, 'card-registered')).toBe(1);
  });

  it('that tell one fact twice in one message are stored', async () => {
    const posId = await sent();
    const { documentUid, returnId } = await atOf(posId);
    // By its UID and by its ReturnID: one document of ours, told of under two names.
    const events = [documentUid, ''].map((uid) => ({
      ...registrationEvent(uid, 'ОГ-3/26', '2026-11-20'),
      subject: documentUid,
    }));
    await acceptMessage(rig.deps, message(events, { returnId }));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', number: 'ОГ-3/26' });
  });
});

describe('a Registration', () => {
  it('without a number is a Registration; the number counts when it comes', async () => {
    const posId = await sent();
    const { documentUid, returnId } = await atOf(posId);
    await acceptMessage(rig.deps, message([registrationEvent(documentUid)], { returnId }));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', number: null, date: null });
    await acceptMessage(
      rig.deps,
      message([registrationEvent(documentUid, 'ОГ-4/26', '2026-11-20')], { returnId }),
    );
    expect(await cardOf(rig.db, posId)).toMatchObject({ number: 'ОГ-4/26', date: '2026-11-20' });
    // A later one without takes nothing away.
    await acceptMessage(rig.deps, message([registrationEvent(documentUid)], { returnId }));
    expect(await cardOf(rig.db, posId)).toMatchObject({ number: 'ОГ-4/26', date: '2026-11-20' });
  });

  it('with a day that is none does not hold its message up', async () => {
    const posId = await sent();
    const { documentUid, returnId } = await atOf(posId);
    const event = registrationEvent(documentUid, 'ОГ-5/26', '0000-01-01');
    await acceptMessage(rig.deps, message([event], { returnId }));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', number: 'ОГ-5/26', date: null });
  });

  it('read before the writer has said «sent» stays', async () => {
    const posId = await sent();
    await rig.db.query(`UPDATE package SET stage = 'writing' WHERE id = $1`, [
      (await packageOf(rig.db, posId)).id,
    ]);
    await rig.db.query(`UPDATE card SET stage = 'planned' WHERE id = $1`, [(await cardOf(rig.db, posId)).id]);
    await acceptMessage(rig.deps, registration(await atOf(posId)));
    await rig.drive();
    expect((await cardOf(rig.db, posId)).stage).toBe('registered');
    expect(await packageOf(rig.db, posId)).toMatchObject({ stage: 'registered', begun: 1 });
  });
});

describe('a message about a document that is not ours', () => {
  it('is kept as an orphan, with one incident, and disturbs nobody', async () => {
    const before = (await incidentsOf(rig.db, 'SED_MESSAGE_ORPHAN')).length;
    const told = message([registrationEvent('ff'.repeat(16), '1', '2026-11-20')], {
      returnId: 'ee'.repeat(16),
    });
    await acceptMessage(rig.deps, told);
    const rows = await rig.db.query('SELECT orphan, raw FROM sed_message WHERE message_id = $1', [
      told.messageId,
    ]);
    expect(rows).toEqual([{ orphan: true, raw: '<Report/>' }]);
    expect(await eventsOf('ff'.repeat(16))).toMatchObject([{ kind: 'registration', card_id: null }]);
    const incidents = await incidentsOf(rig.db, 'SED_MESSAGE_ORPHAN');
    expect(incidents.slice(before)).toMatchObject([{ scope: 'channel:delo-1', closed: false }]);
  });

  it('counts once its document is known: a database may have been put back from a copy', async () => {
    rig.delo.behave({ silent: true });
    const posId = String(rig.platform.addAppeal(rig.opaId()));
    const identity = rig.sed.identify({ opaId: rig.opaId(), posId, repetition: '', part: 0, attempt: 1 });
    const told = () =>
      message(
        [
          registrationEvent(identity.documentUid, 'ОГ-8/26', '2026-11-20'),
          consideration(identity.documentUid, 'task-9'),
        ],
        { returnId: identity.returnId },
      );
    await acceptMessage(rig.deps, told());
    await rig.intake();
    await untilStage(posId, 'sent');
    await acceptMessage(rig.deps, told());
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', number: 'ОГ-8/26' });
    const { id } = await cardOf(rig.db, posId);
    expect((await eventsOf(identity.documentUid)).map((event) => event.card_id)).toEqual([id, id]);
  });

  it('without any event is only kept', async () => {
    const told = message([], { messageType: 'MainDoc' });
    await acceptMessage(rig.deps, told);
    const rows = await rig.db.query('SELECT orphan FROM sed_message WHERE message_id = $1', [told.messageId]);
    expect(rows).toEqual([{ orphan: false }]);
  });
});

describe('a Report without InitialDoc@UID', () => {
  it('is found by its ReturnID, as it really comes through the folder', async () => {
    const posId = await sent();
    const { returnId } = await atOf(posId);
    await writeReport('no-uid', returnId, '<Reception>2026-11-20T10:00:00</Reception>');
    await untilStage(posId, 'received');
    await writeReport('no-uid-2', returnId, '<Failure Code="39">Не указан автор &#38; адрес</Failure>');
    await untilStage(posId, 'attention');
    expect((await cardOf(rig.db, posId)).error_detail).toBe('39: Не указан автор & адрес');
  });

  it('with what XML cannot say in its text is read, not refused for ever', async () => {
    const posId = await sent();
    const { returnId } = await atOf(posId);
    await writeReport('bad-text', returnId, '<Failure Code="40">Код&#0; \ud83d\ude00 и хвост</Failure>');
    await rig.until('refused or set aside', async () => {
      const aside = await rig.db.query(`SELECT 1 FROM quarantine WHERE message_dir LIKE 'bad-text%'`);
      return (await cardOf(rig.db, posId)).stage === 'attention' || aside.length > 0;
    });
  });
});

describe('the sink of a channel', () => {
  it('puts a message’s file into the spool and remembers it', async () => {
    const sink = createSink(rig.deps);
    const path = join(rig.stand.dir, 'ответ.pdf');
    await writeFile(path, '%PDF-1.4 ответ');
    const stored = await sink.spool(path);
    const told = message([], { files: [{ name: '../ответ.pdf', ...stored }] });
    await sink.accept(told);
    await sink.accept(told);
    expect(await readFile(rig.spool.pathOf(stored.sha256), 'utf8')).toBe('%PDF-1.4 ответ');
    expect(
      await rig.db.query('SELECT size::text AS size FROM blob WHERE sha256 = $1', [stored.sha256]),
    ).toEqual([{ size: String(stored.size) }]);
    expect(await sink.known('delo-1', told.messageId)).toBe(true);
    expect(await sink.known('delo-2', told.messageId)).toBe(false);
    expect(await sink.known('delo-1', 'never')).toBe(false);
  });

  it('tells of what was set aside, once for each message', async () => {
    const sink = createSink(rig.deps);
    await sink.trouble('delo-1', 'dir-1', 'SED_MESSAGE_NO_ENVELOPE', 'лежит час');
    await sink.trouble('delo-1', 'dir-1', 'SED_MESSAGE_NO_ENVELOPE', 'лежит два часа');
    const rows = await rig.db.query(`SELECT detail FROM quarantine WHERE message_dir = 'dir-1'`);
    expect(rows).toEqual([{ detail: 'лежит два часа' }]);
    expect(await incidentsOf(rig.db, 'SED_MESSAGE_NO_ENVELOPE')).toMatchObject([{ scope: 'channel:delo-1' }]);
  });

  it('waits no more for a message that was set aside and is read after all', async () => {
    const sink = createSink(rig.deps);
    const told = message([]);
    await sink.trouble('delo-1', told.messageDir, 'SED_MESSAGE_NO_ENVELOPE', 'лежит час');
    await sink.trouble('delo-1', 'other', 'SED_MESSAGE_NO_ENVELOPE', 'лежит час');
    await sink.accept(told);
    const rows = await rig.db.query(
      'SELECT message_dir AS dir, settled_at IS NULL AS waits FROM quarantine WHERE message_dir = ANY($1) ORDER BY id',
      [[told.messageDir, 'other']],
    );
    expect(rows).toEqual([
      { dir: told.messageDir, waits: false },
      { dir: 'other', waits: true },
    ]);
  });

  it('takes the files of a real answer document, and keeps its fact for the flow back', async () => {
    const posId = await rig.appeal();
    await untilStage(posId, 'registered');
    const { document_uid } = await cardOf(rig.db, posId);
    const card = rig.delo.cardByUid(document_uid);
    rig.delo.answer(card?.id ?? '', {
      text: 'Сделано',
      files: [{ name: 'Ответ.pdf', content: '%PDF ответ' }],
    });
    await rig.until('the answer is stored', async () =>
      (await eventsOf(document_uid)).some(({ kind, handled }) => kind === 'answer' && !handled),
    );
    const files = await rig.db.query<{ files: { name: string; sha256: string }[] }>(
      `SELECT files FROM sed_message WHERE jsonb_array_length(files) > 0 ORDER BY id DESC LIMIT 1`,
    );
    const [file] = files[0]?.files ?? [];
    expect(file?.name).toBe('Ответ.pdf');
    expect(await readFile(rig.spool.pathOf(file?.sha256 ?? ''), 'utf8')).toBe('%PDF ответ');
    await untilQuiet(rig);
    expect((await appealOf(rig.db, posId)).stage).toBe('open');
  });
});

/** A Report of the СЭД, written by hand into the channel's `in` folder. */
async function writeReport(dir: string, returnId: string, body: string): Promise<void> {
  const into = rig.stand.channels[0]?.in ?? '';
  await mkdir(join(into, dir));
  const xml = `\ufeff<?xml version="1.0" encoding="utf-8"?>
<Report xmlns="http://www.eos.ru/2010/sev">
  <Header MessageID="${dir}-${returnId}" Version="1.0" Time="2026-11-20T10:00:00+03:00" MessageType="Report"
          ReturnID="${returnId.toUpperCase()}" ResourceID="0">
    <ResourceList><Resource UID="0" UniqueName="Report.xml"/></ResourceList>
  </Header>
  <Notification><InitialDoc><Number>1</Number></InitialDoc>${body}</Notification>
</Report>`;
  await writeFile(join(into, dir, 'Report.xml'), xml);
  const envelope = `\ufeff<?xml version="1.0" encoding="utf-8"?>
<Envelop><Address>x</Address><MessageDir>${dir}</MessageDir><Channel>1</Channel><Subject>Отчет</Subject></Envelop>`;
  await writeFile(join(into, `${dir}.env`), envelope);
}
