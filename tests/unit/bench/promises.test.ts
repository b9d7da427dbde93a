import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findBroken, type SentPackage } from '../../../scripts/bench/promises.ts';

let out: string;
let sent: SentPackage[];

const bytesOf = (posId: string) => Buffer.from(`file of ${posId}`);
const fetchFile = async (posId: string) => bytesOf(posId);

/** What a daemon leaves that has kept its promises. */
function write(posId: string, over: { file?: Buffer; docInfo?: string } = {}): SentPackage {
  const messageDir = `m${posId}`;
  mkdirSync(join(out, messageDir));
  writeFileSync(
    join(out, messageDir, 'DocInfo.xml'),
    over.docInfo ?? `<d>${posId} Обращение ${posId}.txt Фото.txt</d>`,
  );
  writeFileSync(join(out, messageDir, `Обращение ${posId}.txt`), 'text');
  writeFileSync(join(out, messageDir, 'Фото.txt'), over.file ?? bytesOf(posId));
  writeFileSync(join(out, `${messageDir}.env`), '<Envelop/>');
  return { posId, messageDir, sha256: createHash('sha256').update(bytesOf(posId)).digest('hex') };
}

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'posrednik-bench-out-'));
  sent = ['11', '12', '13'].map((posId) => write(posId));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const broken = (expected = sent.length) => findBroken(sent, out, expected, fetchFile);

describe('findBroken', () => {
  it('finds nothing where all is kept', async () => {
    expect(await broken()).toEqual([]);
  });

  it('misses an appeal', async () => {
    expect((await broken(4)).join()).toMatch(/3 карточек вместо 4/);
  });

  it('notices an appeal sent twice', async () => {
    sent.push({ ...write('14'), posId: '11' });
    expect((await broken()).join()).toMatch(/разных обращений 3 вместо 4/);
  });

  it('notices a package of which the database knows nothing', async () => {
    write('99');
    expect((await broken()).join()).toMatch(/8 папок и конвертов вместо 6/);
  });

  it('notices something temporary left behind', async () => {
    writeFileSync(join(out, '.posrednik-tmp'), '');
    expect((await broken()).join()).toMatch(/7 папок и конвертов вместо 6/);
  });

  it('notices a missing envelope', async () => {
    rmSync(join(out, 'm12.env'));
    expect((await broken()).join()).toMatch(/нет папки или конверта у 1/);
  });

  it.each([
    ['a wrong file', { file: Buffer.from('other') }, /не тот файл/],
    ['an empty DocInfo', { docInfo: '' }, /не называет обращения/],
    ['a file that DocInfo does not name', { docInfo: '<d>11</d>' }, /не называет файла/],
  ])('notices %s', async (_, over, words) => {
    rmSync(join(out, 'm11'), { recursive: true });
    rmSync(join(out, 'm11.env'));
    write('11', over);
    expect((await broken()).join()).toMatch(words);
  });

  it('notices a lost file and a lost DocInfo', async () => {
    rmSync(join(out, 'm11', 'Фото.txt'));
    expect((await broken()).join()).toMatch(/файлов 2 вместо трёх/);
    rmSync(join(out, 'm11', 'DocInfo.xml'));
    expect((await broken()).join()).toMatch(/нет DocInfo/);
  });

  it('notices a checksum in the database that is not the file’s', async () => {
    sent = sent.map((one) => ({ ...one, sha256: 'f'.repeat(64) }));
    expect((await broken()).join()).toMatch(/не та контрольная сумма/);
  });
});
