import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Inbox, openInbox } from './harness.ts';
import { docInfo, document, el, envelope, leaf, OUR_UID, registrationReport, report } from './messages.ts';

let inbox: Inbox;
beforeEach(async () => {
  inbox = await openInbox();
});
afterEach(async () => {
  await inbox.close();
});

const answerXml = (names: readonly string[]) =>
  docInfo(
    {
      messageId: 'answer-1',
      resources: [
        { uid: '0', name: 'DocInfo.xml' },
        ...names.map((name, index) => ({ uid: String(index + 1), name })),
      ],
    },
    document(
      { uid: 'answer', id: '9', main: true },
      names.map((name, index) => el('File', { ResourceID: String(index + 1) }, leaf('Description', name))),
      el('Link', { DocumentID: '1' }, leaf('LinkType', 'Ответ')),
    ),
    document({ uid: OUR_UID, id: '1' }),
  );

const dirs = () => inbox.sink.accepted.map((message) => message.messageDir);

describe('reading the in folder', () => {
  it('reads a report, stores it and removes it', async () => {
    await inbox.put('m1', { 'Report.xml': registrationReport({ messageId: 'id-1' }) });
    await inbox.sweep();
    expect(inbox.sink.accepted).toHaveLength(1);
    const [message] = inbox.sink.accepted;
    expect(message).toMatchObject({
      channel: 'main',
      messageDir: 'm1',
      messageId: 'id-1',
      messageType: 'Report',
      files: [],
    });
    expect(message?.events.map((event) => event.kind)).toEqual(['registration']);
    expect(message?.raw).toMatch(/^<\?xml[\s\S]*<\/Report>$/);
    expect(await inbox.list()).toEqual([]);
    expect(inbox.faults).toEqual([]);
  });

  it('takes the files of an answer to the spool, by their content', async () => {
    const files = { 'Ответ[1].pdf': 'PDF', 'вложение 2.docx': 'DOCX' };
    await inbox.put('m1', { 'DocInfo.xml': answerXml(Object.keys(files)), ...files, 'лишний.tmp': 'x' });
    await inbox.sweep();
    const [message] = inbox.sink.accepted;
    expect(message?.files.map(({ name, size }) => [name, size])).toEqual([
      ['Ответ[1].pdf', 3],
      ['вложение 2.docx', 4],
    ]);
    expect(message?.files.map((file) => String(inbox.sink.blobs.get(file.sha256)))).toEqual(['PDF', 'DOCX']);
    expect(message?.events.map((event) => event.kind)).toEqual(['answer']);
    expect(await inbox.list()).toEqual([]);
  });

  it('finds the XML and the files without regard to letter case and Unicode form', async () => {
    await inbox.put('m1', {
      'DOCINFO.XML': answerXml(['Й.PDF'.normalize('NFC')]),
      ['й.pdf'.normalize('NFD')]: 'x',
    });
    await inbox.sweep();
    expect(inbox.sink.accepted[0]?.files.map((file) => file.name)).toEqual(['Й.PDF']);
  });

  it('a DocInfo may carry a file named Report.xml', async () => {
    await inbox.put('m1', { 'DocInfo.xml': answerXml(['Report.xml']), 'Report.xml': '<отчёт/>' });
    await inbox.sweep();
    expect(inbox.sink.accepted[0]).toMatchObject({ messageType: 'MainDoc', files: [{ name: 'Report.xml' }] });
  });

  it('leaves a folder without its envelope alone', async () => {
    await inbox.put('m1', { 'Report.xml': registrationReport() }, null);
    await inbox.sweep();
    expect(dirs()).toEqual([]);
    expect(await inbox.list()).toEqual(['m1', 'm1/Report.xml']);
  });

  it('accepts the messages of one document in the order in which they came', async () => {
    let now = 0;
    let most = 0;
    inbox.sink.beforeAccept = async () => {
      now += 1;
      most = Math.max(most, now);
      // Later ones would overtake if nothing held them back.
      for (let turn = 0; turn < 20 - inbox.sink.accepted.length; turn += 1) await Promise.resolve();
      now -= 1;
    };
    for (let index = 0; index < 20; index += 1) {
      // Names run against the order of coming.
      const dir = `m${String(99 - index)}`;
      const uid = index % 2 === 0 ? 'doc-even' : 'doc-odd';
      await inbox.put(dir, {
        'Report.xml': registrationReport({ uid, messageId: `id-${index}`, returnId: uid }),
      });
    }
    await inbox.sweep();
    const order = inbox.sink.accepted.map((message) => Number(message.messageId.slice(3)));
    expect(order).toHaveLength(20);
    for (const parity of [0, 1]) {
      const one = order.filter((number) => number % 2 === parity);
      expect(one).toEqual([...one].sort((a, b) => a - b));
    }
    expect(most).toBe(2);
  });

  it('reads messages of different documents side by side, eight at most', async () => {
    let now = 0;
    let most = 0;
    inbox.sink.beforeAccept = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    };
    for (let index = 0; index < 30; index += 1) {
      const id = `d${index}`;
      await inbox.put(id, { 'Report.xml': registrationReport({ uid: id, messageId: id, returnId: id }) });
    }
    await inbox.sweep();
    expect(dirs()).toHaveLength(30);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('a doubled message is accepted twice with the same identities', async () => {
    const xml = registrationReport({ messageId: 'same' });
    await inbox.put('m1', { 'Report.xml': xml });
    await inbox.put('m2', { 'Report.xml': xml });
    await inbox.sweep();
    expect(dirs()).toEqual(['m1', 'm2']);
    const [first, second] = inbox.sink.accepted;
    expect(second?.events).toEqual(first?.events);
  });

  it('stores text that PostgreSQL takes, whatever came', async () => {
    const xml = report({ notification: leaf('Failure', 'а\u0000б\u0001', { Code: '1' }) });
    await inbox.put('m1', { 'Report.xml': xml });
    await inbox.sweep();
    const stored = JSON.stringify(inbox.sink.accepted);
    expect(stored).not.toMatch(/\\u000[01]/);
    expect(inbox.sink.accepted[0]?.events[0]?.data['text']).toBe('а\ufffdб\ufffd');
  });

  it('reads windows-1251 when it is declared', async () => {
    const xml = report({ notification: leaf('Failure', 'XX', { Code: '1' }) })
      .slice(1)
      .replace('encoding="utf-8"', 'encoding="windows-1251"');
    const [before, after] = xml.replaceAll(/[^ -~\n]/g, '').split('XX');
    const bytes = Buffer.concat([
      Buffer.from(before ?? ''),
      Buffer.from([0xcd, 0xe5, 0xf2]),
      Buffer.from(after ?? ''),
    ]);
    await inbox.put('m1', { 'Report.xml': bytes });
    await inbox.sweep();
    expect(inbox.sink.accepted[0]?.events[0]?.data['text']).toBe('Нет');
  });
});

describe('the envelope', () => {
  const good = { 'Report.xml': registrationReport() };

  it('names the folder', async () => {
    await inbox.put('folder', good, null);
    await writeFile(join(inbox.folder, 'other.env'), envelope('folder'));
    await inbox.sweep();
    expect(dirs()).toEqual(['folder']);
    expect(await inbox.list()).toEqual([]);
  });

  it.each(['../m1', '..', '.', 'a/b', 'a\\b', 'quarantine', '', '   ', 'C:\\x/../../etc'])(
    'whose MessageDir is «%s» counts by its own name',
    async (dir) => {
      await inbox.put('m1', good, envelope(dir));
      await inbox.sweep();
      expect(dirs()).toEqual(['m1']);
      expect(await inbox.list()).toEqual([]);
    },
  );

  it('that is empty, broken or of another shape counts by its own name', async () => {
    for (const [index, text] of ['', '<Envelop', '<x/>', 'not xml', '\u0000'].entries()) {
      await inbox.put(`m${index}`, good, text);
    }
    await inbox.sweep();
    expect(dirs().sort()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  it('never claims a folder that another envelope owns', async () => {
    await inbox.put('a', { 'Report.xml': registrationReport({ messageId: 'A' }) }, envelope('b'));
    await inbox.put('b', { 'Report.xml': registrationReport({ messageId: 'B' }) });
    await inbox.sweep();
    expect(inbox.sink.accepted.map((message) => [message.messageDir, message.messageId]).sort()).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ]);
    expect(await inbox.list()).toEqual([]);
  });

  it('has any letter case; files that are none are let alone', async () => {
    await inbox.put('m1', good, null);
    await writeFile(join(inbox.folder, 'm1.ENV'), envelope('m1'));
    await writeFile(join(inbox.folder, '.hidden.env'), envelope('m1'));
    await writeFile(join(inbox.folder, 'note.txt'), 'не наше');
    await inbox.sweep();
    expect(dirs()).toEqual(['m1']);
    expect(await inbox.list()).toEqual(['.hidden.env', 'note.txt']);
    expect(await readFile(join(inbox.folder, 'note.txt'), 'utf8')).toBe('не наше');
  });
});
