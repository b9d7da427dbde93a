import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconcileIncidents } from '../../../../src/alerts/incident/reconcile.ts';
import { settleResent } from '../../../../src/alerts/incident/settle-resent.ts';
import { log } from '../../alerts/incident/world.ts';
import { type ErrorsRig, startErrors } from './rig.ts';

const LONG = 120_000;
let rig: ErrorsRig;
beforeAll(async () => {
  rig = await startErrors();
}, LONG);
afterAll(() => rig.stop(), LONG);
beforeEach(() => rig.clear());

const pdf = (text: string) => new Uint8Array(Buffer.from(`%PDF-1.4 ${text}`));
const reconcile = () => reconcileIncidents({ db: rig.world.db, incidents: rig.world.incidents, log }, 0);

/** An answer that waits, with these files. */
async function answer(names: readonly string[], seed: object = {}): Promise<string> {
  const [id = ''] = await rig.world.deliveries({
    kind: 'answer',
    code: 'ANSWER_FILE_REFUSED',
    detail: `${names[0] ?? 'ответ.pdf'}: 90000000 байт, разрешено 10000000`,
    ...seed,
  });
  for (const [position, name] of names.entries()) {
    const path = join(rig.folder, `file-${position}`);
    await writeFile(path, `${id} ${name}`);
    const blob = await rig.deps.spool.putFile(path);
    await rig.world.db.query('INSERT INTO blob (sha256, size) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      blob.sha256,
      blob.size,
    ]);
    await rig.world.db.query(
      'INSERT INTO delivery_file (delivery_id, position, name, sha256, size) VALUES ($1, $2, $3, $4, $5)',
      [id, position, name, blob.sha256, blob.size],
    );
  }
  await reconcile();
  return id;
}

const files = (id: string) =>
  rig.world.db.query<{ name: string; sha256: string }>(
    'SELECT name, sha256 FROM delivery_file WHERE delivery_id = $1 ORDER BY position',
    [id],
  );
const delivery = async (id: string) => {
  const [row] = await rig.world.db.query<{ state: string; payload: { comment: string; answerType: string } }>(
    'SELECT state, payload FROM delivery WHERE id = $1',
    [id],
  );
  return row;
};
const USUAL = [
  ['answerType', 'EXPLAINED'],
  ['comment', 'Текст'],
  ['why', 'файл велик'],
] as const;

describe('an answer that is mended', () => {
  it('is shown with its reason, its text and its files; who looked is written', async () => {
    const id = await answer(['Ответ Петрову.pdf', 'схема.pdf']);
    const { text, status } = await (await rig.as('operator')).get(`/deliveries/${id}/edit`);
    expect(status).toBe(200);
    expect(text).toContain('Файл ответа не подходит платформе');
    expect(text).toContain('отправить без файла «Ответ Петрову.pdf»');
    expect(text).toMatch(/<option value="0" selected>отправить вместо «Ответ Петрову.pdf»/);
    expect(text).toContain('>Текст</textarea>');
    expect(text).toMatch(/<option value="EXPLAINED" selected>Разъяснено/);
    const [audit] = await rig.world.db.query(`SELECT who, action FROM audit WHERE object LIKE 'appeal:%'`);
    expect(audit).toEqual({ who: 'operator', action: 'appeal-viewed' });
  });

  it('goes with another file instead of one that is too large, and its group waits for how it ends', async () => {
    const id = await answer(['большой.pdf', 'схема.pdf']);
    const incident = await rig.world.only('ANSWER_FILE_REFUSED');
    const operator = await rig.as('operator');
    const sent = await rig.upload(operator, `/deliveries/${id}/edit`, [...USUAL, ['fileFor', '0']], {
      name: 'меньше.pdf',
      content: pdf('меньше'),
    });
    expect(sent).toMatchObject({ status: 303, location: `/errors/${incident.id}` });
    const [first, second] = await files(id);
    expect([first?.name, second?.name]).toEqual(['меньше.pdf', 'схема.pdf']);
    expect(await readFile(rig.deps.spool.pathOf(first?.sha256 ?? ''), 'utf8')).toBe('%PDF-1.4 меньше');
    expect((await delivery(id))?.state).toBe('queued');
    expect((await operator.get(`/errors/${incident.id}`)).text).toContain('ещё идут: 1');
    expect(await reconcile()).toBe(0);
    await rig.world.db.query(`UPDATE delivery SET state = 'done' WHERE id = $1`, [id]);
    await settleResent(rig.world.db, 0);
    expect(await reconcile()).toBe(1);
    const audit = await rig.world.db.query(`SELECT who, action, why FROM audit WHERE object = $1`, [
      `delivery:${id}`,
    ]);
    expect(audit).toEqual([{ who: 'operator', action: 'delivery-edited', why: 'файл велик' }]);
  });

  it('goes without a file, with another text and another type', async () => {
    const id = await answer(['большой.pdf', 'схема.pdf']);
    const operator = await rig.as('operator');
    const sent = await rig.upload(operator, `/deliveries/${id}/edit`, [
      ['answerType', 'SOLVED'],
      ['comment', 'Первая строка\r\nвторая'],
      ['why', 'не нужен'],
      ['without', '0'],
      ['fileFor', 'add'],
    ]);
    expect(sent.status).toBe(303);
    expect((await files(id)).map(({ name }) => name)).toEqual(['схема.pdf']);
    expect((await delivery(id))?.payload).toMatchObject({
      comment: 'Первая строка\nвторая',
      answerType: 'SOLVED',
    });
  });

  it('that would not be taken this way either is told so, and what was written stays', async () => {
    const id = await answer(['большой.pdf']);
    const operator = await rig.as('operator');
    const sent = await rig.upload(
      operator,
      `/deliveries/${id}/edit`,
      [
        ['answerType', 'EXPLAINED'],
        ['comment', 'Новый <текст>'],
        ['why', 'файл велик'],
        ['fileFor', '0'],
      ],
      { name: 'вирус.exe', content: pdf('x') },
    );
    expect(sent.status).toBe(422);
    expect(sent.text).toContain('вирус.exe');
    expect(sent.text).toContain('Новый &lt;текст&gt;');
    expect(sent.text).toContain('value="файл велик"');
    expect((await delivery(id))?.state).toBe('attention');
    expect((await files(id)).map(({ name }) => name)).toEqual(['большой.pdf']);
  });

  it('needs a reason and a type', async () => {
    const id = await answer(['a.pdf']);
    const operator = await rig.as('operator');
    const noWhy = await rig.upload(operator, `/deliveries/${id}/edit`, [['answerType', 'EXPLAINED']]);
    expect(noWhy.status).toBe(422);
    const noType = await rig.upload(operator, `/deliveries/${id}/edit`, [
      ['why', 'так'],
      ['answerType', ''],
      ['comment', 'x'],
    ]);
    expect(noType.status).toBe(422);
    expect((await delivery(id))?.state).toBe('attention');
  });

  it('that may have arrived is not to be mended before the platform was asked', async () => {
    const id = await answer(['a.pdf'], { inDoubt: true });
    const operator = await rig.as('operator');
    const { text } = await operator.get(`/deliveries/${id}/edit`);
    expect(text).toContain('Неизвестно, дошёл ли этот ответ');
    expect(text).not.toContain('enctype');
    const sent = await rig.upload(operator, `/deliveries/${id}/edit`, USUAL);
    expect(sent.status).toBe(422);
    expect((await delivery(id))?.state).toBe('attention');
  });

  it('that is gone, or none at all, is said so', async () => {
    const operator = await rig.as('operator');
    const [status = ''] = await rig.world.deliveries({});
    for (const id of ['999999', 'x', status]) {
      expect((await operator.get(`/deliveries/${id}/edit`)).status).toBe(404);
      expect((await rig.upload(operator, `/deliveries/${id}/edit`, USUAL)).status).toBe(404);
    }
  });

  it('is mended by nobody without the token of the form', async () => {
    const id = await answer(['a.pdf']);
    const operator = await rig.as('operator');
    const cookie = [...operator.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = new FormData();
    for (const [name, value] of USUAL) body.append(name, value);
    const { status } = await fetch(`${rig.url}/deliveries/${id}/edit`, {
      method: 'POST',
      body,
      headers: { cookie },
    });
    expect(status).toBe(403);
    expect((await delivery(id))?.state).toBe('attention');
  });
});
