import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { PlatformClassifier } from '../../../src/platform/port.ts';
import { createRestPlatform } from '../../../src/platform/rest/index.ts';
import { SUBJECTS } from '../../simulators/platform/classifier.ts';
import { startPlatform } from '../../simulators/platform/index.ts';
import { cabinet, faultOf, mapping, type Seen, startServer, TOKEN_PATH, tokenBody } from './support.ts';

const SUBJECTS_PATH = '/inbox-service/subjects';
const SUBSUBJECTS_PATH = '/inbox-service/subsubjects/subject';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function driverAt(baseUrl: string, pageSize = 200): PlatformClassifier {
  const platform = createRestPlatform({
    baseUrl,
    mapping: { ...mapping, limits: { ...mapping.limits, pageSize } },
    timeoutMs: 2000,
    idleTimeoutMs: 2000,
    tokenScope: 'sed',
    repeatDelayMs: 1,
  });
  closing.push(() => platform.close());
  return platform;
}

/** A platform that answers the two calls so. */
async function answering(calls: {
  readonly subjects: (seen: Seen) => unknown;
  readonly subsubjects?: (seen: Seen, response: ServerResponse) => unknown;
}): Promise<{ driver: PlatformClassifier; asked: () => string[] }> {
  const server = await startServer((seen, response) => {
    response.setHeader('Content-Type', 'application/json');
    if (seen.path === TOKEN_PATH) return void response.end(JSON.stringify(tokenBody()));
    const answer =
      seen.path === SUBJECTS_PATH ? calls.subjects(seen) : (calls.subsubjects?.(seen, response) ?? []);
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  closing.push(() => server.close());
  return {
    driver: driverAt(server.url),
    asked: () =>
      server.seen.filter(({ path }) => path !== TOKEN_PATH).map(({ path, query }) => `${path}?${query}`),
  };
}

const ROADS = { id: 1, name: 'Дороги' };

describe('against the simulated platform', () => {
  async function start(options: Parameters<typeof startPlatform>[0] = {}) {
    const simulator = await startPlatform(options);
    closing.push(() => simulator.close());
    const access = cabinet();
    simulator.addCabinet({
      opaId: access.opaId,
      identifier: access.identifier,
      password: await access.readPassword(),
      name: 'Администрация',
    });
    return { simulator, access };
  }

  it.each([200, 3, 1])('reads all, %i categories a page', async (pageSize) => {
    const { simulator, access } = await start();
    const read = await driverAt(simulator.url, pageSize).readClassifier(access, '80');
    const expected = SUBJECTS.flatMap(({ id, name, children }) => [
      { subjectId: id, subject: name },
      ...children.map((child) => ({
        subjectId: id,
        subject: name,
        subsubjectId: child.id,
        subsubject: child.name,
      })),
    ]);
    expect(read).toEqual(expected);
    // Equal names of several categories are all there.
    expect(read.filter(({ subsubject }) => subsubject === 'Уборка снега')).toHaveLength(3);
  });

  it('reads lists of one element that come bare', async () => {
    const { simulator, access } = await start({ bareObject: true });
    const read = await driverAt(simulator.url, 1).readClassifier(access, '80');
    expect(new Set(read.map(({ subjectId }) => subjectId)).size).toBe(SUBJECTS.length);
  });
});

describe('what the platform may answer', () => {
  it('asks for pages and regions as the contract says', async () => {
    const { driver, asked } = await answering({
      subjects: ({ query }) => ({
        content: query.get('page') === '0' ? [ROADS] : [],
        last: query.get('page') !== '0',
      }),
    });
    await driver.readClassifier(cabinet(), 'а/б');
    expect(asked()).toEqual([
      `${SUBJECTS_PATH}?page=0&size=200`,
      `${SUBJECTS_PATH}?page=1&size=200`,
      `${SUBSUBJECTS_PATH}/1/region/${encodeURIComponent('а/б')}?`,
    ]);
  });

  it.each<[string, unknown, number]>([
    ['an array', [{ id: 11, name: 'Ямы' }], 2],
    ['one element bare', { id: '11', name: ' Ямы ' }, 2],
    ['an empty list', [], 1],
    ['null', 'null', 1],
  ])('sub-categories as %s', async (_what, body, count) => {
    const { driver } = await answering({
      subjects: () => ({ content: ROADS, last: true }),
      subsubjects: () => body,
    });
    const read = await driver.readClassifier(cabinet(), '80');
    expect(read).toHaveLength(count);
    expect(read[0]).toEqual({ subjectId: '1', subject: 'Дороги' });
    if (count === 2) expect(read[1]).toMatchObject({ subsubjectId: '11', subsubject: 'Ямы' });
  });

  it('a category of which the region knows nothing stands alone', async () => {
    const { driver } = await answering({
      subjects: () => ({ content: [ROADS], last: true }),
      subsubjects: (_seen, response) => {
        response.statusCode = 404;
        return { error: 'not_found' };
      },
    });
    expect(await driver.readClassifier(cabinet(), '80')).toEqual([{ subjectId: '1', subject: 'Дороги' }]);
  });

  it('numbers past 2^53 keep their digits', async () => {
    const { driver } = await answering({
      subjects: () => '{"content":[{"id":90071992547409931,"name":"x"}],"last":true}',
    });
    expect(await driver.readClassifier(cabinet(), '80')).toEqual([
      { subjectId: '90071992547409931', subject: 'x' },
    ]);
  });

  it.each<[string, unknown, unknown]>([
    ['no last', { content: [ROADS] }, []],
    ['a text for a list', { content: 'x', last: true }, []],
    ['a category without id', { content: [{ name: 'Дороги' }], last: true }, []],
    ['a category without name', { content: [{ id: 1, name: ' ' }], last: true }, []],
    ['null among them', { content: [null], last: true }, []],
    ['pages without end', { content: [ROADS], last: false }, []],
    ['a page of HTML', '<html></html>', []],
    ['a sub-category without name', { content: [ROADS], last: true }, [{ id: 11 }]],
    ['a text for sub-categories', { content: [ROADS], last: true }, '"x"'],
    ['nonsense for sub-categories', { content: [ROADS], last: true }, '<html>'],
  ])(
    '%s spoils the whole: a list with gaps would retire what is there',
    async (_what, subjects, subsubjects) => {
      const { driver } = await answering({ subjects: () => subjects, subsubjects: () => subsubjects });
      expect((await faultOf(driver.readClassifier(cabinet(), '80'))).code).toBe('PLATFORM_BAD_ANSWER');
    },
  );

  it('a server in trouble is asked again shortly, then given up', async () => {
    let tries = 0;
    const { driver } = await answering({
      subjects: () => ({ content: [ROADS], last: true }),
      subsubjects: (_seen, response) => {
        tries += 1;
        if (tries < 3) response.statusCode = 502;
        return [];
      },
    });
    expect(await driver.readClassifier(cabinet(), '80')).toHaveLength(1);
    expect(tries).toBe(3);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const { driver, asked } = await answering({
      subjects: () => {
        stop.abort();
        return { content: [ROADS], last: true };
      },
    });
    expect((await faultOf(driver.readClassifier(cabinet(), '80', stop.signal))).code).toBe('STOPPED');
    expect(asked()).toHaveLength(1);
  });
});
