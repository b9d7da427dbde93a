import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AnswerEdit, editAnswer } from '../../../src/replies/edit.ts';
import type { AnswerFile } from '../../../src/replies/interpret.ts';
import { type Case, OPA_ID, type SendRig, startSendRig } from './send-rig.ts';

const LIMITS = { maxFiles: 2, maxFileBytes: 1000, types: new Set(['pdf', 'docx']) };
const RULES = { limits: LIMITS, answerTypes: new Set(['EXPLAINED', 'SOLVED']) };
const NOTHING: AnswerEdit = { without: [], replace: [], add: [] };

let rig: SendRig;
beforeAll(async () => {
  rig = await startSendRig('keys');
}, 180_000);
afterAll(() => rig?.stop());

/** An answer in attention, as a worker with these limits leaves it. */
async function waiting(files: Readonly<Record<string, string>>, facts: Record<string, unknown> = {}) {
  const one = await rig.open();
  await one.tellAnswer(files, facts);
  await one.rest(rig.worker({ limits: LIMITS }));
  const [row] = await one.rows();
  expect(row?.state).toBe('attention');
  return { one, id: row?.id ?? '' };
}

/** Bytes in the spool that no answer brought: as the command puts them there. */
async function stored(one: Case, name: string, text: string): Promise<AnswerFile> {
  const other = await rig.open();
  await other.tellAnswer({ [name]: text });
  expect(other.posId).not.toBe(one.posId);
  return { name, sha256: createHash('sha256').update(text).digest('hex'), size: Buffer.byteLength(text) };
}

function entryOf(one: Case) {
  return rig.platform.history(OPA_ID, one.posId).find(({ status }) => status === 'SEND_RESPONSE');
}

function edit(id: string, what: Partial<AnswerEdit>, why = 'решение специалиста'): Promise<void> {
  return editAnswer(rig.worker().dataSource, RULES, id, { ...NOTHING, ...what }, { who: 'test', why });
}

const LARGE = `%PDF ${'x'.repeat(2000)}`;

describe('an answer that waits because of a file', () => {
  it('goes without it, under the same key, with the others', async () => {
    const { one, id } = await waiting({ 'a.pdf': '%PDF a', 'big.pdf': LARGE });
    const [before] = await one.rows();
    await edit(id, { without: ['big.pdf'] });
    await one.rest(rig.worker({ limits: LIMITS }));
    const [row] = await one.rows();
    expect(row).toMatchObject({ id, key: before?.key, state: 'done', error_code: null });
    expect(entryOf(one)?.answer?.fileIds).toHaveLength(1);
    expect(await one.journal()).toEqual(
      expect.arrayContaining(['delivery-attention', 'delivery-edited', 'delivery-done']),
    );
  });

  it('goes with another in its place, whose bytes are what the platform gets', async () => {
    const { one, id } = await waiting({ 'a.pdf': '%PDF a', 'big.pdf': LARGE });
    const small = await stored(one, 'small.pdf', '%PDF small');
    await edit(id, { replace: [{ name: 'big.pdf', by: small }] });
    await one.rest(rig.worker({ limits: LIMITS }));
    const ids = entryOf(one)?.answer?.fileIds ?? [];
    const sent = rig.platform.files(OPA_ID).filter((file) => ids.includes(file.fileId));
    expect(sent.map((file) => [file.name, file.size])).toEqual([
      ['a.pdf', 6],
      ['small.pdf', 10],
    ]);
  });

  it('goes with another type and text when the person says so', async () => {
    const { one, id } = await waiting({ 'big.pdf': LARGE });
    await edit(id, { without: ['big.pdf'], answerType: 'SOLVED', comment: 'Яма заделана' });
    await one.rest(rig.worker({ limits: LIMITS }));
    expect(entryOf(one)?.answer).toMatchObject({ answerType: 'SOLVED', comment: 'Яма заделана' });
  });

  it('goes without one that never came', async () => {
    const files = [{ resource: 'lost.pdf', description: 'Пропавший.pdf', signatures: [] }];
    const { one, id } = await waiting({}, { files, annotation: 'Ответ по существу' });
    await edit(id, { without: ['Пропавший.pdf'] });
    await one.rest();
    expect(one.sent()).toEqual(['SEND_RESPONSE']);
  });

  it('is not changed by an edit that would be refused again, and says why', async () => {
    const { one, id } = await waiting({ 'big.pdf': LARGE });
    const before = await one.rows();
    const script = await stored(one, 'run.exe', 'MZ');
    const good = await stored(one, 'good.pdf', '%PDF good');
    const refused: [Partial<AnswerEdit>, string, RegExp][] = [
      [{}, 'ANSWER_FILE_REFUSED', /big.pdf: 2005 байт, разрешено 1000/],
      [{ replace: [{ name: 'big.pdf', by: script }] }, 'ANSWER_FILE_REFUSED', /«exe»/],
      [{ without: ['big.pdf'], add: [good, good, good] }, 'ANSWER_FILE_REFUSED', /файлов 3, разрешено 2/],
      [{ without: ['нет такого.pdf'] }, 'COMMAND_INVALID', /есть: big.pdf/],
      [{ without: ['big.pdf'], comment: ' ' }, 'ANSWER_EMPTY', /ни текста, ни файла/],
      [{ without: ['big.pdf'], answerType: 'MAYBE' }, 'COMMAND_INVALID', /есть: EXPLAINED, SOLVED/],
    ];
    for (const [what, code, detail] of refused) {
      await expect(edit(id, what)).rejects.toMatchObject({ code, detail: expect.stringMatching(detail) });
    }
    expect(await one.rows()).toEqual(before);
    expect(await one.journal()).not.toContain('delivery-edited');
  });

  it('is not edited while nobody knows whether the platform has it', async () => {
    const { one, id } = await waiting({ 'big.pdf': LARGE });
    await rig.db.query('UPDATE delivery SET baseline = 0 WHERE id = $1', [id]);
    await expect(edit(id, { without: ['big.pdf'] })).rejects.toMatchObject({
      code: 'COMMAND_INVALID',
      detail: expect.stringContaining(`deliveries resend ${id}`),
    });
    await rig.db.query('UPDATE delivery SET baseline = NULL WHERE id = $1', [id]);
    await edit(id, { without: ['big.pdf'] });
    await one.rest();
    await expect(edit(id, {})).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    expect(one.sent()).toEqual(['SEND_RESPONSE']);
  });

  it('keeps the platform ids of what was uploaded before', async () => {
    const { one, id } = await waiting({ 'a.pdf': '%PDF a', 'big.pdf': LARGE });
    await rig.db.query(
      `UPDATE delivery_file SET platform_file_id = 'known' WHERE delivery_id = $1 AND name = 'a.pdf'`,
      [id],
    );
    await edit(id, { without: ['big.pdf'] });
    const files = await rig.db.query<{ name: string; platform_file_id: string; position: number }>(
      'SELECT name, platform_file_id, position FROM delivery_file WHERE delivery_id = $1',
      [id],
    );
    expect(files).toEqual([{ name: 'a.pdf', platform_file_id: 'known', position: 0 }]);
    await rig.db.query(`UPDATE delivery SET state = 'cancelled' WHERE id = $1`, [id]);
    expect(one.sent()).toEqual([]);
  });
});
