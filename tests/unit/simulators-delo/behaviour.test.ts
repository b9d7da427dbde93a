import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { attribute, child, parseXml, textAt } from '../../simulators/delo/sev/parse.ts';
import { NONSENSE_KINDS, type NonsenseKind } from '../../simulators/delo/types.ts';
import { send } from './partner.ts';
import { closeSites, notification, openSite, repliesIn, type Site, until } from './site.ts';

afterEach(closeSites);

async function foldersIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith('.env'));
}

async function types(site: Site): Promise<string[]> {
  return (await repliesIn(site.in)).map(({ type }) => type);
}

describe('refusing', () => {
  it('code 39 by default: Reception, Failure, no card; the document may come again', async () => {
    const site = await openSite();
    site.delo.behaveNext(1, { refuse: {} });
    const sent = await send(site.out);
    await site.delo.idle();
    expect(await types(site)).toEqual(['Reception', 'Failure']);
    expect(site.delo.cards()).toEqual([]);
    expect(site.delo.refused).toEqual([expect.objectContaining({ code: 39, documentUid: sent.uid })]);
    expect(site.delo.complaints).toEqual([]);
    await send(site.out, { uid: sent.uid });
    await site.delo.idle();
    expect(site.delo.cards()).toHaveLength(1);
    expect(site.delo.doubles).toBe(0);
  });

  it('with a code and words of the test', async () => {
    const site = await openSite({ behaviour: { refuse: { code: 21, text: 'Нет такой рубрики' } } });
    await send(site.out);
    await site.delo.idle();
    const failure = (await repliesIn(site.in)).find(({ type }) => type === 'Failure');
    if (failure === undefined) throw new Error('отказа нет');
    expect(attribute(child(notification(failure), 'Failure'), 'Code')).toBe('21');
    expect(textAt(notification(failure), 'Failure')).toBe('Нет такой рубрики');
  });

  it('an addition only', async () => {
    const site = await openSite();
    const sent = await send(site.out);
    await site.delo.idle();
    site.delo.behaveNext(1, { refuse: { code: 42 } });
    await send(site.out, { uid: sent.uid, messageType: 'AddToDoc' });
    await site.delo.idle();
    expect(site.delo.cards()[0]?.additions).toEqual([]);
    expect(site.delo.refused).toEqual([expect.objectContaining({ code: 42 })]);
  });

  it('a share of all, the same one under the same seed', async () => {
    const outcomes: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const site = await openSite({ seed: 7, behaviour: { refuse: { share: 0.5 } } });
      for (let number = 0; number < 12; number += 1) {
        await send(site.out, { posId: String(number) });
        await site.delo.idle();
      }
      outcomes.push(site.delo.refused.map(({ posId }) => posId).join());
    }
    expect(outcomes[0]).toBe(outcomes[1]);
    expect(outcomes[0]?.split(',').length).toBeGreaterThan(1);
    expect(outcomes[0]?.split(',').length).toBeLessThan(12);
  });
});

describe('being late', () => {
  it('takes nothing while silent, and everything afterwards', async () => {
    const site = await openSite({ behaviour: { silent: true } });
    await send(site.out);
    await send(site.out);
    await site.delo.idle();
    expect(await foldersIn(site.out)).toHaveLength(2);
    expect(site.delo.counters.taken).toBe(0);
    site.delo.behave({ silent: false });
    await until('карточки', () => site.delo.cards().length === 2);
  });

  it('is silent on one channel only', async () => {
    const site = await openSite();
    site.delo.behave({ silent: true }, 'another');
    await send(site.out);
    await site.delo.idle();
    expect(site.delo.cards()).toHaveLength(1);
    site.delo.behave({ silent: true }, 'main');
    await send(site.out);
    await site.delo.idle();
    expect(site.delo.cards()).toHaveLength(1);
  });

  it('takes late', async () => {
    const site = await openSite();
    site.delo.behaveNext(1, { takeDelayMs: 300 });
    const start = performance.now();
    await send(site.out);
    await until('карточка', () => site.delo.cards().length === 1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(295);
  });

  it('registers late: the Reception is there long before the number', async () => {
    const site = await openSite();
    site.delo.behaveNext(1, { registerDelayMs: 300 });
    await send(site.out);
    await until('Reception', async () => (await types(site)).length === 1);
    expect(await types(site)).toEqual(['Reception']);
    expect(site.delo.cards()[0]).toMatchObject({ state: 'received' });
    expect(site.delo.cards()[0]).not.toHaveProperty('number');
    await until('Report', async () => (await types(site)).length === 2);
    expect(site.delo.cards()[0]).toMatchObject({ state: 'registered' });
  });

  it('registers, or refuses, on command only', async () => {
    const site = await openSite({ behaviour: { registration: 'command' } });
    await send(site.out);
    await send(site.out);
    await site.delo.idle();
    const [one, two] = site.delo.cards();
    expect(await types(site)).toEqual(['Reception', 'Reception']);
    expect(() => site.delo.resolve(one?.id ?? '', { executor: 'А', text: 'Б' })).toThrow(
      /не зарегистрирована/,
    );
    site.delo.register(one?.id ?? '');
    site.delo.refuse(two?.id ?? '', { code: 33, text: 'Не к нам' });
    await site.delo.idle();
    expect((await types(site)).sort()).toEqual(['Failure', 'Reception', 'Reception', 'Report']);
    expect(site.delo.cards().map(({ number }) => number?.slice(0, 5))).toEqual(['ОГ-1/']);
  });

  it('a card refused while its registration was under way is not registered', async () => {
    const site = await openSite({ behaviour: { registerDelayMs: 100 } });
    await send(site.out);
    await until('карточка', () => site.delo.cards().length === 1);
    site.delo.refuse(site.delo.cards()[0]?.id ?? '');
    await site.delo.idle();
    expect(site.delo.cards()).toEqual([]);
    expect(await types(site)).toEqual(['Reception', 'Failure']);
  });
});

describe('sending badly', () => {
  it('everything twice: the same MessageID in two folders', async () => {
    const site = await openSite({ behaviour: { twice: 1 } });
    await send(site.out);
    await site.delo.idle();
    const replies = await repliesIn(site.in);
    expect(replies.map(({ type }) => type).sort()).toEqual(['Reception', 'Reception', 'Report', 'Report']);
    expect(new Set(replies.map(({ messageId }) => messageId)).size).toBe(2);
    expect(new Set(replies.map(({ dir }) => dir)).size).toBe(4);
    for (const { envelope, dir } of replies) expect(textAt(envelope, 'MessageDir')).toBe(dir);
  });

  it('out of order: what is held comes after what was said later', async () => {
    const site = await openSite();
    site.delo.behaveNext(1, { reorder: 1 });
    await send(site.out);
    await until('Report', async () => (await types(site)).includes('Report'));
    expect(await types(site)).toEqual(['Report']);
    await until('Reception', async () => (await types(site)).includes('Reception'));
    const [reception, report] = await repliesIn(site.in);
    expect([reception?.type, report?.type]).toEqual(['Reception', 'Report']);
  });

  it('a folder without an envelope until released', async () => {
    const site = await openSite();
    site.delo.behaveNext(1, { noEnvelope: true });
    await send(site.out);
    await site.delo.idle();
    expect(await types(site)).toEqual(['Report']);
    expect(await foldersIn(site.in)).toHaveLength(2);
    site.delo.release();
    expect((await types(site)).sort()).toEqual(['Reception', 'Report']);
    site.delo.release();
    expect(site.delo.counters.withheld).toBe(1);
  });

  it('an answer short of a file until released', async () => {
    const site = await openSite();
    await send(site.out);
    await site.delo.idle();
    site.delo.behaveNext(1, { missingFile: true });
    site.delo.answer(site.delo.cards()[0]?.id ?? '', { files: [{ name: 'Ответ.pdf', content: 'pdf' }] });
    await site.delo.idle();
    const answer = (await repliesIn(site.in)).find(({ xmlName }) => xmlName === 'DocInfo.xml');
    expect(await readdir(answer?.path ?? '')).toEqual(['DocInfo.xml']);
    site.delo.release();
    expect((await readdir(answer?.path ?? '')).sort()).toEqual(['DocInfo.xml', 'Ответ.pdf']);
  });

  it('waits for a folder that cannot be written, and loses nothing', async () => {
    const site = await openSite();
    await rename(site.in, `${site.in}.away`);
    await writeFile(site.in, 'на месте папки файл');
    await send(site.out);
    await until('карточка', () => site.delo.cards().length === 1);
    await rm(site.in);
    await rename(`${site.in}.away`, site.in);
    await until('ответы', async () => (await types(site)).length === 2);
    expect((await types(site)).sort()).toEqual(['Reception', 'Report']);
  });
});

describe('nonsense', () => {
  async function nonsense(kind: NonsenseKind): Promise<{ site: Site; path: string; bytes: Buffer }> {
    const site = await openSite({ hugeBytes: 3 * 1024 * 1024 });
    await send(site.out);
    await site.delo.idle();
    const before = new Set(await foldersIn(site.in));
    site.delo.sendNonsense('main', kind);
    await site.delo.idle();
    const [dir = ''] = (await foldersIn(site.in)).filter((name) => !before.has(name));
    const path = join(site.in, dir);
    return { site, path, bytes: await readFile(join(path, 'Report.xml')) };
  }

  it.each(['truncated', 'not-xml', 'dtd', 'deep'] as const)('%s cannot be read', async (kind) => {
    const { bytes } = await nonsense(kind);
    expect(() => parseXml(bytes)).toThrow();
  });

  it('of an unknown ReturnID tells of a card of ours, of an unknown UID of nobody', async () => {
    const known = await nonsense('unknown-return-id');
    const root = parseXml(known.bytes);
    expect(attribute(child(root, 'Header'), 'ReturnID')).toBe('unknown');
    expect(attribute(child(child(root, 'Notification'), 'InitialDoc'), 'UID')).toBe(
      known.site.delo.cards()[0]?.documentUid,
    );
    const unknown = await nonsense('unknown-uid');
    const uid = attribute(child(child(parseXml(unknown.bytes), 'Notification'), 'InitialDoc'), 'UID');
    expect(unknown.site.delo.cardByUid(uid ?? '')).toBeUndefined();
  });

  it('huge is as large as asked', async () => {
    const { bytes } = await nonsense('huge');
    expect(bytes.length).toBeGreaterThan(3 * 1024 * 1024);
  });

  it('missing-file names a file that comes only on release', async () => {
    const { site, path } = await nonsense('missing-file');
    expect(await readdir(path)).toEqual(['Report.xml']);
    site.delo.release();
    expect((await readdir(path)).sort()).toEqual(['Report.xml', 'Приложение.pdf']);
  });

  it('no-envelope stays without one', async () => {
    const { site } = await nonsense('no-envelope');
    expect(await types(site)).toEqual(['Reception', 'Report']);
    expect(await foldersIn(site.in)).toHaveLength(3);
  });

  it('comes beside the true messages, never instead of them', async () => {
    const site = await openSite({ behaviour: { nonsense: 1 }, hugeBytes: 100_000 });
    for (let number = 0; number < 20; number += 1) await send(site.out);
    await site.delo.idle();
    expect(site.delo.counters.nonsense).toBe(40);
    expect(site.delo.counters.written).toBe(80);
    expect(NONSENSE_KINDS).toHaveLength(9);
    expect(site.delo.cards()).toHaveLength(20);
  });

  it('before the first message still has someone to come from', async () => {
    const site = await openSite();
    for (const kind of ['unknown-uid', 'unknown-return-id'] as const) site.delo.sendNonsense('main', kind);
    await site.delo.idle();
    expect(await repliesIn(site.in)).toHaveLength(2);
  });
});
