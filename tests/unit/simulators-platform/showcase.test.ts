import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  connectPlatform,
  type PlatformOptions,
  type PlatformSimulator,
} from '../../simulators/platform/index.ts';
import { access, type Json, jsonOf, OPA, OTHER, platformWithCabinets } from './client.ts';

let platform: PlatformSimulator;
afterEach(() => platform.close());

const OGRN = '1027700000000';

function record(no: number, change: Json = {}): Json {
  return {
    recordId: `card-${no}#1`,
    regNumber: `К-${no}`,
    regDate: '2026-01-15',
    kind: 'MESSAGE',
    questionNo: 1,
    questionsTotal: 1,
    otkCode: '0003.0009.0099.0742.0110',
    subjectId: '101',
    subsubjectId: '10102',
    state: 'NEW',
    ...change,
  };
}

function header(records: number, change: Json = {}): Json {
  return {
    format: 'showcase/1',
    region: '80',
    organization: { ogrn: OGRN },
    records,
    from: '2026-01-01',
    to: '2026-01-31',
    ...change,
  };
}

function pack(lines: readonly unknown[]): Buffer {
  return gzipSync(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

async function start(options: PlatformOptions = {}): Promise<Record<string, string>> {
  platform = await platformWithCabinets(options);
  return access(platform);
}

function send(headers: Record<string, string>, body: Buffer | string, key = 'k-1'): Promise<Response> {
  return fetch(`${platform.url}/showcase-service/uploads`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-ndjson',
      'Content-Encoding': 'gzip',
      'Idempotency-Key': key,
      ...headers,
    },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
}

async function upload(
  headers: Record<string, string>,
  records: readonly Json[],
  key?: string,
): Promise<string> {
  const response = await send(headers, pack([header(records.length), ...records]), key);
  expect(response.status).toBe(202);
  return String((await jsonOf(response))['uploadId']);
}

async function report(headers: Record<string, string>, id: string, query = ''): Promise<Json> {
  return jsonOf(await fetch(`${platform.url}/showcase-service/uploads/${id}?${query}`, { headers }));
}

describe('uploads', () => {
  it('are received, parsed after some questions, and shown', async () => {
    const headers = await start({ showcasePolls: 2 });
    const id = await upload(headers, [record(1), record(2)]);
    expect(await report(headers, id)).toEqual({ state: 'RECEIVED', last: true });
    expect(platform.showcaseRecords(OPA)).toEqual([]);
    expect(await report(headers, id)).toEqual({ state: 'PARSING', last: true });
    expect(await report(headers, id)).toEqual({
      state: 'DONE',
      accepted: 2,
      rejected: 0,
      errors: [],
      last: true,
    });
    expect(platform.showcaseRecords(OPA)).toEqual([record(1), record(2)]);
    expect(platform.showcaseRecords(OTHER)).toEqual([]);
    expect(platform.showcaseUploads(OPA)).toMatchObject([{ id, records: 2, accepted: 2, state: 'DONE' }]);
  });

  it('are one for one key, unless keys are not kept; each cabinet sees its own', async () => {
    const headers = await start();
    const id = await upload(headers, [record(1)], 'same');
    expect(await upload(headers, [record(1)], 'same')).toBe(id);
    const other = await access(platform, OTHER);
    expect((await report(other, id))['error']).toBe('not_found');
    platform.configure({ keyMode: 'nokeys' });
    expect(await upload(headers, [record(1)], 'same')).not.toBe(id);
  });

  it('end at a command where they are told to; can be lost', async () => {
    const headers = await start({ showcasePolls: -1 });
    const id = await upload(headers, [record(1)]);
    for (let turn = 0; turn < 5; turn += 1) expect((await report(headers, id))['state']).toBe('PARSING');
    await connectPlatform(platform.url).finishUploads(OPA);
    expect((await report(headers, id))['state']).toBe('DONE');
    platform.loseUpload(OPA, id);
    expect((await report(headers, id))['error']).toBe('not_found');
    expect(() => platform.loseUpload(OPA, id)).toThrow('no upload');
  });

  it('replace earlier records of the same id, and take off REMOVED ones', async () => {
    const headers = await start({ showcasePolls: 0 });
    await report(headers, await upload(headers, [record(1), record(2)], 'a'));
    const later = [record(1, { state: 'ANSWERED' }), record(2, { state: 'REMOVED' })];
    await report(headers, await upload(headers, later, 'b'));
    expect(platform.showcaseRecords(OPA)).toEqual([record(1, { state: 'ANSWERED' })]);
    expect(platform.showcaseLog(OPA).map(({ recordId }) => recordId)).toEqual([
      'card-1#1',
      'card-2#1',
      'card-1#1',
      'card-2#1',
    ]);
  });
});

describe('a whole file is refused', () => {
  it.each<[string, Json]>([
    ['format', { format: 'showcase/2' }],
    ['region', { region: '' }],
    ['organization', { organization: null }],
    ['organization.ogrn', { organization: { ogrn: '1' } }],
    ['records', { records: 7 }],
    ['from', { from: '01.01.2026' }],
    ['to', { to: undefined }],
  ])('for %s of its header', async (field, change) => {
    const headers = await start();
    const response = await send(headers, pack([header(1, change), record(1)]));
    expect(response.status).toBe(422);
    expect(((await jsonOf(response))['details'] as Json[])[0]).toMatchObject({ field, code: 'BAD_HEADER' });
  });

  it('when it is no packed lines of JSON objects', async () => {
    const headers = await start();
    const bad = [
      'просто текст',
      pack([header(1), 'строка']),
      pack([header(1), null]),
      gzipSync(JSON.stringify(header(0))),
      gzipSync(Buffer.from([0xff, 0x0a])),
      Buffer.alloc(0),
    ];
    for (const body of bad) expect((await send(headers, body)).status).toBe(422);
    expect((await send({ ...headers, 'Content-Type': 'text/plain' }, pack([]))).status).toBe(415);
    expect(platform.showcaseUploads(OPA)).toEqual([]);
  });

  it('for its number of records, or for a header that is told to be wrong', async () => {
    const headers = await start({ showcaseMaxRecords: 2 });
    expect((await send(headers, pack([header(3), record(1), record(2), record(3)]))).status).toBe(413);
    await upload(headers, [record(1), record(2)]);
    platform.configure({ showcaseHeaderFault: 'region' });
    expect((await send(headers, pack([header(1), record(1)]), 'k-2')).status).toBe(422);
  });

  it('for one record, at once or by its report, with the record named or not', async () => {
    const headers = await start({ showcasePolls: 0 });
    const rule = { field: 'channel', equals: 'x', code: 'X', message: 'плохо' };
    const records = [record(1), record(2, { channel: 'x' })];
    platform.configure({ showcaseRules: [{ ...rule, effect: 'at-once' }] });
    const refused = await send(headers, pack([header(2), ...records]));
    expect(await jsonOf(refused)).toMatchObject({
      details: [{ field: 'channel', code: 'X', message: 'плохо' }],
    });
    platform.configure({ showcaseRules: [{ ...rule, effect: 'file' }] });
    expect(await report(headers, await upload(headers, records, 'a'))).toMatchObject({
      state: 'REFUSED',
      accepted: 0,
      errors: [{ field: 'channel', code: 'X' }],
    });
    platform.configure({ showcaseRules: [{ ...rule, effect: 'file-named' }] });
    const named = await report(headers, await upload(headers, records, 'b'));
    expect(named['errors']).toEqual([
      { recordId: 'card-2#1', field: 'channel', code: 'X', message: 'плохо' },
    ]);
    expect(platform.showcaseRecords(OPA)).toEqual([]);
  });
});

describe('a record is refused', () => {
  it.each<[string, string, Json]>([
    ['regNumber', 'EMPTY_PARAMETER', { regNumber: '' }],
    ['oktmo', 'EMPTY_PARAMETER', { oktmo: null }],
    ['address', 'EMPTY_PARAMETER', { address: [] }],
    ['applicantName', 'UNKNOWN_FIELD', { applicantName: 'Анна' }],
    ['text', 'UNKNOWN_FIELD', { text: 'Прошу' }],
    ['overdue', 'BAD_VALUE', { overdue: false }],
    ['repeated', 'BAD_VALUE', { repeated: 'true' }],
    ['otkCode', 'BAD_VALUE', { otkCode: '0003.0009' }],
    ['recordId', 'BAD_VALUE', { recordId: 'без номера' }],
    ['regDate', 'BAD_VALUE', { regDate: '2026-13-01' }],
    ['dueDate', 'BAD_VALUE', { dueDate: '2026-02-01T00:00:00Z' }],
    ['oktmo', 'BAD_VALUE', { oktmo: '123' }],
    ['latitude', 'BAD_VALUE', { latitude: 91 }],
    ['longitude', 'BAD_VALUE', { longitude: '129' }],
    ['state', 'BAD_VALUE', { state: 'DONE' }],
    ['result', 'BAD_VALUE', { result: 'YES' }],
    ['questionNo', 'BAD_VALUE', { questionNo: 0 }],
    ['kind', 'REQUIRED', { kind: undefined }],
    ['subjectId', 'REQUIRED', { subjectId: undefined, subsubjectId: undefined }],
    ['subsubjectId', 'UNKNOWN_CATEGORY', { subsubjectId: '10201' }],
    ['subjectId', 'UNKNOWN_CATEGORY', { subjectId: '999', subsubjectId: undefined }],
  ])('for %s: %s', async (field, code, change) => {
    const headers = await start({ showcasePolls: 0 });
    const id = await upload(headers, [record(1), record(2, change)]);
    const answer = await report(headers, id);
    expect(answer).toMatchObject({ state: 'DONE', accepted: 1, rejected: 1, errors: [{ field, code }] });
    expect(platform.showcaseRecords(OPA)).toEqual([record(1)]);
  });

  it('when it comes twice in a file', async () => {
    const headers = await start({ showcasePolls: 0 });
    const answer = await report(headers, await upload(headers, [record(1), record(1)]));
    expect(answer).toMatchObject({ accepted: 1, rejected: 1, errors: [{ code: 'DOUBLED' }] });
  });

  it('by categories that the test names', async () => {
    const headers = await start({ showcasePolls: 0, showcaseCategories: ['7', '7/70'] });
    const records = [
      record(1, { subjectId: '7', subsubjectId: undefined }),
      record(2, { subjectId: '7', subsubjectId: '70' }),
      record(3),
    ];
    expect(await report(headers, await upload(headers, records))).toMatchObject({ accepted: 2, rejected: 1 });
  });
});

describe('a long report', () => {
  it('comes in pages, the same place giving the same page', async () => {
    const headers = await start({
      showcasePolls: 0,
      showcaseRules: [{ field: 'recordId', effect: 'record' }],
    });
    const id = await upload(
      headers,
      [1, 2, 3, 4, 5].map((no) => record(no)),
    );
    const first = await report(headers, id, 'size=2');
    expect(first).toMatchObject({ rejected: 5, next: '2', last: false });
    expect(first['errors']).toHaveLength(2);
    const second = await report(headers, id, 'size=2&after=2');
    expect(await report(headers, id, 'size=2&after=2')).toEqual(second);
    const third = await report(headers, id, 'size=2&after=4');
    expect(third).toMatchObject({ last: true });
    expect(third['errors']).toHaveLength(1);
    expect((await report(headers, id, 'size=0'))['error']).toBe('validation');
  });

  it('with one error has it bare where lists of one are', async () => {
    const headers = await start({
      showcasePolls: 0,
      bareObject: true,
      showcaseRules: [{ field: 'channel', effect: 'record' }],
    });
    const id = await upload(headers, [record(1, { channel: 'x' })]);
    expect((await report(headers, id))['errors']).toMatchObject({ recordId: 'card-1#1' });
  });
});

describe('the page of the showcase', () => {
  it('shows what was accepted, and says so when there is nothing', async () => {
    const headers = await start({ showcasePolls: 0 });
    const page = async () => (await fetch(`${platform.url}/showcase`)).text();
    expect(await page()).toContain('Записей пока нет.');
    const shown = record(1, { regNumber: 'К-<1>', overdue: true, dueDate: '2026-02-14' });
    await report(headers, await upload(headers, [shown, record(2, { state: 'REMOVED' })]));
    const html = await page();
    expect(html).toContain('№ К-&lt;1&gt;');
    expect(html).toContain('Дороги / Уборка снега');
    expect(html).toContain('Просрочено');
    expect(html).toContain('Срок 14.02.2026');
    expect(html).toContain('записей на витрине: 1');
    expect(html).toContain('принято: 2');
    expect(html).not.toContain('К-2');
  });

  it('has a page for each hundred of one cabinet', async () => {
    const headers = await start({ showcasePolls: 0 });
    const many = Array.from({ length: 150 }, (_, index) => record(index + 1));
    await report(headers, await upload(headers, many));
    const page = async (query: string) => (await fetch(`${platform.url}/showcase?${query}`)).text();
    expect(await page('')).toContain('Все записи кабинета');
    const second = await page(`cabinet=${OPA}&page=1`);
    expect(second).toContain('Страница 2 из 2');
    expect(second.match(/class="item-text"/g)).toHaveLength(50);
  });
});
