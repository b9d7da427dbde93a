import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AppealFilter,
  addressOf,
  dayBounds,
  readFilter,
  readPlace,
} from '../../../../src/console/pages/appeals/filter.ts';
import { TERM_RISKS } from '../../../../src/console/terms.ts';
import { APPEAL_STAGES } from '../../../../src/intake/eligibility.ts';
import { DELIVERY_STATES } from '../../../../src/model/delivery.ts';

const queryOf = (address: string) => new URL(address, 'http://console').searchParams;

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .map((value) => value.replaceAll('\0', '').trim().slice(0, 64).trim())
  .filter((value) => value !== '' && value.isWellFormed());
const day = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const filters: fc.Arbitrary<AppealFilter> = fc.record(
  {
    posId: text,
    card: text,
    cabinet: text,
    stage: fc.constantFrom(...APPEAL_STAGES),
    delivery: fc.constantFrom(...DELIVERY_STATES),
    term: fc.constantFrom(...TERM_RISKS),
    from: day,
    to: day,
  },
  { requiredKeys: [] },
);

describe('filters in the address', () => {
  it('come back from the address as they went into it, with the place', () => {
    const place = fc.record({
      at: fc.constantFrom(
        '2026-01-02 03:04:05.123456+00',
        '1999-12-31 23:59:59+03',
        '2026-06-01 00:00:00+05:30',
      ),
      id: fc.bigInt({ min: 1n, max: 10n ** 17n }).map(String),
    });
    fc.assert(
      fc.property(filters, fc.option(place, { nil: undefined }), (filter, after) => {
        const query = queryOf(addressOf(filter, after));
        expect(readFilter(query)).toEqual(filter);
        expect(readPlace(query)).toEqual(after);
      }),
    );
  });

  it('take nothing that is no filter, whatever the address holds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('posId', 'card', 'stage', 'delivery', 'term', 'from', 'to', 'after', 'x'),
          fc.string(),
        ),
        (values) => {
          const query = new URLSearchParams(values);
          const filter = readFilter(query);
          for (const value of Object.values(filter)) expect(value).not.toContain('\0');
          if (filter.stage !== undefined) expect(APPEAL_STAGES).toContain(filter.stage);
          if (filter.delivery !== undefined) expect(DELIVERY_STATES).toContain(filter.delivery);
          if (filter.from !== undefined) expect(filter.from).toMatch(/^\d{4}-\d\d-\d\d$/);
          const place = readPlace(query);
          if (place !== undefined) expect(Number.isNaN(Date.parse(place.at.slice(0, 19)))).toBe(false);
        },
      ),
    );
  });

  it.each(['2026-02-30', '2026-13-01', '26-01-01', "2026-01-01' OR 1=1", ''])('«%s» is no day', (value) => {
    expect(readFilter(new URLSearchParams({ from: value }))).toEqual({});
  });

  it.each(['2026-99-99 00:00:00+00_1', 'now()_1', '2026-01-01 00:00:00+00_', '_5', 'infinity_5'])(
    '«%s» is no place',
    (value) => {
      expect(readPlace(new URLSearchParams({ after: value }))).toBeUndefined();
    },
  );

  it('names an empty list by the plain address', () => {
    expect(addressOf({})).toBe('/appeals');
  });

  it('bounds days in the viewer’s zone, both included, over a change of the clocks too', () => {
    const { from, to } = dayBounds({ from: '2026-03-29', to: '2026-03-29' }, 'Europe/Berlin');
    expect(from?.toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(to?.toISOString()).toBe('2026-03-29T22:00:00.000Z');
    expect(dayBounds({ to: '2026-01-01' }, 'Asia/Yakutsk')).toEqual({ to: new Date('2026-01-01T15:00:00Z') });
  });
});
