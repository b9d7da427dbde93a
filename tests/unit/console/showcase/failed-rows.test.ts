import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type FailedPlace,
  failedAddress,
  legsOf,
  readFailedFilter,
  readFailedPlace,
} from '../../../../src/console/pages/showcase/failed-filter.ts';
import { type FailedOptions, listFailed } from '../../../../src/console/pages/showcase/failed-rows.ts';
import { addRecord, addUpload, openShowcaseRig, SHOWCASES, type ShowcaseRig } from './rig.ts';

const LONG = 120_000;

describe('listFailed', () => {
  let rig: ShowcaseRig;
  const expected: string[] = [];

  beforeAll(async () => {
    rig = await openShowcaseRig();
    for (let n = 0; n < 40; n += 1) {
      const showcase = n % 3 === 0 ? 'mirny' : 'yakutsk';
      const verdict = n % 2 === 0 ? 'refuse' : 'unmapped';
      await addRecord(rig.db, {
        key: `k${n}`,
        showcase,
        verdict,
        code: n % 5 === 0 ? 'SHOWCASE_FIELD_INVALID' : 'RUBRIC_NOT_MAPPED',
      });
      expected.push(`k${n}#1`);
    }
  }, LONG);
  afterAll(() => rig.close(), LONG);

  async function walk(over: Partial<FailedOptions>): Promise<{ ids: string[]; pages: number }> {
    const ids: string[] = [];
    let after: FailedPlace | undefined;
    let pages = 0;
    do {
      const page = await listFailed(rig.db, {
        filter: {},
        known: SHOWCASES,
        withDetails: true,
        size: 7,
        ...over,
        ...(after === undefined ? {} : { after }),
      });
      ids.push(...page.rows.map(({ recordId }) => recordId));
      after = page.next;
      pages += 1;
    } while (after !== undefined && pages < 500);
    return { ids, pages };
  }

  it.each([1, 2, 3, 7, 8, 1000])('gives each once, whatever a step of %s rows', async (step) => {
    const { ids } = await walk({ step });
    expect([...ids].sort()).toEqual([...expected].sort());
  });

  it('goes on where patience ended, and leaves nothing out', async () => {
    const { ids, pages } = await walk({
      step: 2,
      patienceMs: -1,
      filter: { code: 'SHOWCASE_FIELD_INVALID' },
    });
    expect(ids).toHaveLength(8);
    expect(pages).toBeGreaterThan(8);
  });

  it('says when a page ends because patience did', async () => {
    const options = { known: SHOWCASES, withDetails: false, size: 5, step: 3, patienceMs: -1 };
    const page = await listFailed(rig.db, { ...options, filter: { cardfile: 'none' } });
    expect(page).toMatchObject({
      rows: [],
      isPartial: true,
      next: { showcase: 'yakutsk', state: 'refused' },
    });
    const whole = await listFailed(rig.db, { ...options, step: 1000, filter: { cardfile: 'none' } });
    expect(whole).toEqual({ rows: [] });
  });

  it('gives a record that waits because its file failed the reason of the file', async () => {
    const upload = await addUpload(rig.db, 'failed', {
      error_code: 'SHOWCASE_HEADER_REFUSED',
      error_field: 'region',
    });
    await addRecord(rig.db, { key: 'w', verdict: 'send', upload });
    const page = await listFailed(rig.db, {
      filter: { state: 'ready' },
      known: SHOWCASES,
      withDetails: false,
      size: 5,
    });
    expect(page.rows).toMatchObject([
      { recordId: 'w#1', code: 'SHOWCASE_HEADER_REFUSED', field: 'region', cardfile: '0.A.' },
    ]);
  });
});

describe('the address of the log', () => {
  it('comes back as it was written', () => {
    const filter = {
      showcase: 'mirny',
      state: 'refused',
      code: 'E42',
      rubric: '0003',
      cardfile: '0.Б&',
      text: 'а=б',
    } as const;
    const place = { showcase: 'mirny', state: 'refused', id: '12' } as const;
    const query = new URL(failedAddress(filter, place), 'http://x').searchParams;
    expect(readFailedFilter(query, SHOWCASES)).toEqual(filter);
    expect(readFailedPlace(query)).toEqual(place);
  });

  it.each(['mirny_sent_1', 'mirny_refused_x', '__', '_refused_1', "m'_refused_1"])(
    'takes no %s for a place',
    (after) => {
      expect(readFailedPlace(new URLSearchParams({ after }))).toBeUndefined();
    },
  );

  it('begins anew behind a place that is not on the way', () => {
    const place = { showcase: 'gone', state: 'refused', id: '5' } as const;
    expect(legsOf({}, SHOWCASES, place)).toHaveLength(4);
    expect(
      legsOf({ showcase: 'mirny' }, SHOWCASES, { showcase: 'mirny', state: 'unmapped', id: '9' }),
    ).toEqual([{ showcase: 'mirny', state: 'unmapped', id: '9' }]);
  });
});
