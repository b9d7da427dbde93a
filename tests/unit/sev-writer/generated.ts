import fc from 'fast-check';
import type { Appeal, Applicant } from '../../../src/model/appeal.ts';
import type { CardRequest } from '../../../src/sed/port.ts';

/** Text as citizens and their keyboards make it, with everything XML finds hard. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(
      'слово',
      ' ',
      '\n',
      '\r\n',
      '<',
      '&',
      ']]>',
      '"',
      "'",
      '😀',
      '\u0007',
      '{{posId}}',
      '-->',
      '\t',
      '\u200b',
    ),
    maxLength: 30,
  }),
  fc.constant(''),
);

const longText = fc
  .tuple(anyText, fc.integer({ min: 1, max: 400 }))
  .map(([text, times]) => text.repeat(times).slice(0, 4000));
const maybeDate = fc.option(fc.date({ noInvalidDate: true }), { nil: undefined });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const applicant = fc
  .record(
    {
      kind: fc.constantFrom('PERSON' as const, 'LEGAL' as const),
      epguId: anyText,
      surname: anyText,
      name: anyText,
      patronymic: anyText,
      email: anyText,
      phone: anyText,
      organization: fc.record({ name: anyText, inn: anyText, ogrn: anyText }, { requiredKeys: [] }),
    },
    { requiredKeys: ['kind'] },
  )
  .map((made): Applicant => made);

export const anyAppeal: fc.Arbitrary<Appeal> = fc
  .record({
    posId: fc.nat().map(String),
    changeIdentity: fc.string(),
    kind: fc.oneof(fc.constantFrom('MESSAGE', 'APPEAL_59FZ'), anyText),
    change: fc.constantFrom('NEW', 'AMENDED'),
    status: fc.oneof(fc.constantFrom('MODERATION_ACCEPT', 'TAKE_TO_WORK'), anyText),
    receivedAt: maybeDate,
    createdAt: maybeDate,
    answerAt: maybeDate,
    source: maybe(fc.oneof(fc.constantFrom('EPGU', 'SITE'), anyText)),
    fastTrack: fc.boolean(),
    category: fc.record({ name: fc.oneof(anyText, fc.constant('Мусор')) }, { requiredKeys: [] }),
    subcategory: fc.record({ name: anyText }, { requiredKeys: [] }),
    description: longText,
    location: fc.record({ address: anyText, latitude: fc.double() }, { requiredKeys: [] }),
    applicant,
    customFields: fc.array(fc.record({ name: anyText, value: anyText }), { maxLength: 2 }),
    rating: maybe(fc.integer({ min: 1, max: 5 })),
    withdrawnReason: maybe(anyText),
  })
  .map((made) => ({ ...without(made), attachments: [], unknownValues: [] }) as Appeal);

const ADDITIONS = ['late-file', 'amended', 'withdrawn', 'term-moved', 'rated'] as const;

const anyFile = fc.record({
  fileId: fc.uuid(),
  name: fc.oneof(anyText, fc.constantFrom('DocInfo.xml', '../../etc/passwd', 'Справка.pdf', 'справка.PDF')),
  size: fc.nat(60_000_000),
  path: fc.constant('/nowhere'),
  sha256: fc.constant('0'.repeat(64)),
});

export const anyRequest: fc.Arbitrary<CardRequest> = fc
  .record({
    appeal: anyAppeal,
    repetition: fc.oneof(fc.constant(''), fc.string()),
    addition: fc.option(fc.constantFrom(...ADDITIONS), { nil: undefined }),
    attempt: fc.nat(3),
    timeZone: fc.constantFrom('Europe/Moscow', 'Asia/Yakutsk', 'Asia/Kamchatka'),
    headerTime: fc.date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
    files: fc.array(anyFile, { maxLength: 4 }),
    missingFiles: fc.array(fc.record({ name: anyText, reason: anyText }), { maxLength: 3 }),
    earlier: maybe(
      fc.record({
        documentUid: fc.uuid(),
        number: anyText,
        date: fc.constantFrom('2024-02-29', '2025-01-01'),
      }),
    ),
    computedDeadline: maybe(fc.constant('2025-04-01')),
    region: maybe(fc.constantFrom('14', '24')),
  })
  .map(({ appeal, repetition, addition, attempt, timeZone, region, ...rest }) => {
    const part = addition === undefined ? 0 : 1;
    return {
      ...without(rest),
      appeal,
      channel: 'main',
      key: { opaId: '100500', posId: appeal.posId, repetition, part, attempt },
      cabinet: without({ opaId: '100500', name: 'Мэрия', organizationName: 'Мэрия', timeZone, region }),
      ...(addition === undefined ? {} : { addition }),
    } as CardRequest;
  });

/** Absent is not the same as undefined in the model. */
function without<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}
