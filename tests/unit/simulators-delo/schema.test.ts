import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readEnvelope } from '../../simulators/delo/exchange/package.ts';
import { checkGrammar } from '../../simulators/delo/sev/grammar-check.ts';
import { parseXml } from '../../simulators/delo/sev/parse.ts';
import { SEV_NAMESPACE } from '../../simulators/delo/sev/xml.ts';
import { id, send } from './partner.ts';
import { closeSites, openSite, repliesIn, type Site } from './site.ts';

const run = promisify(execFile);
const shared = process.env['SHARED_DIR'];
const strict = process.env['CI'] === 'true';

afterEach(closeSites);

const hasXmllint = spawnSync('xmllint', ['--version']).status === 0;

/**
 * `it` where the vendor's files (and xmllint) are at hand, else a skipped test that says why. In CI it runs
 * and fails, so that nobody takes a skipped check for a passed one.
 */
function itWithVendor(what: string, needsXmllint: boolean, test: () => Promise<void>): void {
  const lacking = [
    ...(shared === undefined ? ['переменной SHARED_DIR'] : []),
    ...(needsXmllint && !hasXmllint ? ['программы xmllint'] : []),
  ].join(' и ');
  if (lacking === '') it(what, test);
  else if (strict) it(what, () => Promise.reject(new Error(`в CI это нужно, но нет ${lacking}`)));
  else it.skip(`${what} (skipped: нет ${lacking})`, test);
}

/** Everything this ДЕЛО can write, in one site. */
async function everythingWritten(): Promise<Site> {
  const site = await openSite();
  const first = await send(site.out);
  await site.delo.idle();
  await send(site.out, { uid: first.uid });
  await send(site.out, { author: undefined });
  await send(site.out, { messageType: 'AddToDoc' });
  await send(site.out, { uid: first.uid, messageType: 'AddToDoc', note: 'Дополнение' });
  await site.delo.idle();
  const cardId = site.delo.cardByUid(first.uid)?.id ?? '';
  const parent = site.delo.resolve(cardId, {
    executor: { fio: 'Соколов С.С.', post: 'Начальник', uid: id(), organization: 'Отдел' },
    text: 'Прошу рассмотреть & ответить',
    term: '2026-02-10',
    coExecutors: ['Зайцева З.З.'],
  });
  site.delo.resolve(cardId, { executor: 'А', text: 'Б', parent, project: true, private: true });
  site.delo.report(parent, 'Сделано\nво вторник');
  site.delo.redirect(cardId, { organization: 'Минтранс', organizationUid: '77' });
  site.delo.moveTerm(cardId, '2026-03-20', 'Нужна экспертиза');
  site.delo.answer(cardId, {
    text: 'Ответ <дан>',
    note: 'Примечание',
    fields: { Тип: 'Решено' },
    files: [{ name: 'Ответ.pdf', content: 'x' }],
  });
  await site.delo.idle();
  return site;
}

async function lint(schema: string, files: readonly string[]): Promise<string> {
  const path = join(shared ?? '', 'sev', 'xsd', schema);
  return run('xmllint', ['--nonet', '--noout', '--schema', path, ...files]).then(
    () => '',
    (error: { stderr?: string; message: string }) => error.stderr ?? error.message,
  );
}

describe('what ДЕЛО writes', () => {
  it('satisfies our own retelling of the schema', async () => {
    const site = await everythingWritten();
    const replies = await repliesIn(site.in);
    expect(replies.length).toBeGreaterThan(10);
    for (const { bytes, path, dir } of replies) {
      expect(checkGrammar(parseXml(bytes), SEV_NAMESPACE)).toEqual([]);
      expect(readEnvelope(await readFile(`${path}.env`), `${dir}.env`).faults).toEqual([]);
    }
  });

  itWithVendor("is valid by the vendor's schema", true, async () => {
    const site = await everythingWritten();
    const replies = await repliesIn(site.in);
    const of = (name: string) => replies.filter(({ xmlName }) => xmlName === name);
    const paths = (name: string) => of(name).map(({ path }) => join(path, name));
    expect(await lint('ReportInfo.xsd', paths('Report.xml'))).toBe('');
    expect(await lint('DocumentInfo.xsd', paths('DocInfo.xml'))).toBe('');
    expect(
      await lint(
        'Envelop.xsd',
        replies.map(({ path }) => `${path}.env`),
      ),
    ).toBe('');
    expect(paths('DocInfo.xml')).toHaveLength(1);
  });
});

describe('our retelling of the schema', () => {
  itWithVendor('has nothing to say about real traffic', false, async () => {
    for (const name of ['sev_DocInfo_2', 'sev_Report_registration']) {
      const base = join(shared ?? '', 'sev', 'samples', name);
      expect(checkGrammar(parseXml(await readFile(`${base}.xml`)), SEV_NAMESPACE)).toEqual([]);
      expect(checkGrammar(parseXml(await readFile(`${base}.env`)), '')).toEqual([]);
    }
  });

  itWithVendor('judges as the vendor does', true, async () => {
    const site = await openSite();
    const sample = join(shared ?? '', 'sev', 'samples', 'sev_DocInfo_2.xml');
    const good = (await readFile(sample)).toString('utf8');
    const changes: readonly [string, string][] = [
      ['<Access>общий</Access>', '<Access>общий</Access><Access>ДСП</Access>'],
      ['Size="22"', 'Size="много"'],
      [' ReturnID=', ' ReturnNumber='],
      ['<Consists>2</Consists>', '<Collective>2</Collective>'],
      ['<Collective', '<Note>x</Note><Collective'],
      ['StopDayCount="1"', ''],
      ['<Redirection Include="true"/>', ''],
      ['Type="Created"', 'Type="created"'],
      ['<SignDate>2014-12-05', '<SignDate>2014-13-05'],
      ['<Annotation>', '<!-- всё хорошо --><Annotation>'],
      ['<Post>Генеральный директор</Post>', ''],
      ['<Expansion/>', '<Expansion><a/></Expansion>'],
    ];
    for (const [from, to] of changes) {
      const text = good.replace(from, to);
      const path = join(site.dir, 'probe.xml');
      await writeFile(path, text);
      const vendor = (await lint('DocumentInfo.xsd', [path])) === '';
      const ours = checkGrammar(parseXml(Buffer.from(text)), SEV_NAMESPACE).length === 0;
      expect([from, to, ours]).toEqual([from, to, vendor]);
    }
  });
});
