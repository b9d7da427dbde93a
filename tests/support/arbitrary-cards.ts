import * as fc from 'fast-check';
import type { ArchiveCard } from '../../src/sed/port.ts';
import { CARD_STATES } from '../../src/sed/port.ts';
import { CODE_5, CODE_A, CODE_B } from './showcase-build.ts';

/** Texts as archives hold them: empty, blank, with line breaks, emoji, broken surrogates, quotes. */
const anyText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '\u0000',
    '\ud800',
    'null',
    '"',
    '\\',
    '{"state":"NEW"}',
    'ул. Ленина, д. 1',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const anyDay = fc.oneof(
  fc.constantFrom('', '2026-03-02', '2026-02-30', '0000-01-01', '02.03.2026', '2026-12-31', '3026-01-01'),
  fc
    .date({ min: new Date('2025-12-01'), max: new Date('2026-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
);
export const anyCode = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(CODE_A, CODE_B, CODE_5, '0001.0001.0001.0001') },
  fc.constantFrom(
    '0003.0009.0099.0000',
    '0003.0000.0000.0000',
    '',
    'нет кода',
    `${CODE_A}.0000`,
    ` ${CODE_B} `,
  ),
  fc.string({ maxLength: 8 }),
);
const anyDegrees = fc.oneof(
  fc.double({ min: -200, max: 200 }),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 62.03),
);

/** Any card that the port's types allow, good and poor. */
export const anyCard: fc.Arbitrary<ArchiveCard> = fc.record(
  {
    key: fc.oneof(fc.constantFrom('1', '2', 'a#b'), anyText),
    isn: fc.oneof(fc.nat().map(String), anyText),
    regNumber: fc.oneof(fc.constant('А-1/26'), anyText),
    regDate: fc.oneof(fc.constant('2026-03-02'), anyDay),
    cardfile: fc.oneof(fc.constant('0.A.'), anyText),
    docGroup: anyText,
    rubrics: fc.array(fc.record({ code: anyCode, name: anyText }), { maxLength: 6 }),
    kind: fc.constantFrom('APPEAL_59FZ', 'MESSAGE'),
    state: fc.constantFrom(...CARD_STATES),
    repeated: fc.boolean(),
    result: fc.constantFrom('SUPPORTED', 'EXPLAINED', 'NOT_SUPPORTED'),
    dueDate: anyDay,
    answeredDate: anyDay,
    oktmo: fc.oneof(fc.constantFrom('98701000', '98701000101', '9870'), anyText),
    address: anyText,
    latitude: anyDegrees,
    longitude: anyDegrees,
    channel: anyText,
    applicantKind: anyText,
    organization: anyText,
    posId: fc.constantFrom('', '777'),
    showcaseFlag: fc.boolean(),
    issues: fc.array(
      fc.record({
        field: fc.constantFrom('rubrics', 'oktmo', 'regDate'),
        problem: fc.constant('не прочитано'),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
  {
    requiredKeys: [
      ...(['key', 'isn', 'regNumber', 'regDate', 'cardfile', 'docGroup', 'rubrics', 'kind'] as const),
      ...(['state', 'repeated'] as const),
    ],
  },
);
