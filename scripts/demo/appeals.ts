import { readFile } from 'node:fs/promises';
import { DateTime } from 'luxon';
import { parse } from 'yaml';
import { z } from 'zod';
import type { AppealInput, PlatformControl } from '../../tests/simulators/platform/index.ts';
import type { WireApplicant } from '../../tests/simulators/platform/types.ts';
import { makeFile } from './files/index.ts';

const appealSchema = z.strictObject({
  category: z.string(),
  subcategory: z.string().optional(),
  text: z.string(),
  address: z.string(),
  /** Surname, name, patronymic. */
  person: z.string().optional(),
  anonymous: z.literal(true).optional(),
  legal: z.strictObject({ name: z.string(), inn: z.string(), ogrn: z.string() }).optional(),
  source: z.enum(['EPGU', 'SITE', 'MOBILE']).default('EPGU'),
  kind: z.enum(['MESSAGE', 'APPEAL_59FZ']).default('MESSAGE'),
  fastTrack: z.boolean().default(false),
  /** A name by which a later appeal may call this one in `repeatOf`. */
  key: z.string().optional(),
  repeatOf: z.string().optional(),
  files: z.array(z.strictObject({ name: z.string(), text: z.string().optional() })).default([]),
});

const cabinetSchema = z.strictObject({
  cabinet: z.strictObject({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    channel: z.string(),
    timeZone: z.string(),
  }),
  appeals: z.array(appealSchema),
});

type Appeal = z.infer<typeof appealSchema>;

/** One cabinet of the demo with what its citizens write. */
export type DemoCabinet = z.infer<typeof cabinetSchema>;

const FILES = ['city.yaml', 'district.yaml', 'social.yaml'];
const FIRST_OPA_ID = 100_001;
const MINUTES_BETWEEN = 41;

/** Reads the demo's cabinets and appeals from the data files beside this one. */
export async function readAppeals(): Promise<DemoCabinet[]> {
  return Promise.all(
    FILES.map(async (name) => {
      const text = await readFile(new URL(`./appeals/${name}`, import.meta.url), 'utf8');
      return cabinetSchema.parse(parse(text));
    }),
  );
}

/** The platform's number of a cabinet, by its place in the list. */
export function opaIdOf(index: number): string {
  return String(FIRST_OPA_ID + index);
}

/**
 * Sends all appeals to the platform, whose cabinets must be there: those of a cabinet in their order, the newest
 * received a few minutes before `now`.
 */
export function sendAppeals(platform: PlatformControl, cabinets: readonly DemoCabinet[], now: Date): void {
  const categories = createCategories();
  let serial = 0;
  cabinets.forEach(({ appeals }, index) => {
    const known = new Map<string, number>();
    appeals.forEach((appeal, place) => {
      serial += 1;
      const minutesAgo = (appeals.length - place) * MINUTES_BETWEEN - index * 5;
      const received = DateTime.fromJSDate(now, { zone: 'Europe/Moscow' }).minus({ minutes: minutesAgo });
      const input = { ...toInput(appeal, serial, received), ...categories(appeal) };
      const earlier = appeal.repeatOf === undefined ? undefined : known.get(appeal.repeatOf);
      if (appeal.repeatOf !== undefined && earlier === undefined) {
        throw new RangeError(`repeatOf names no earlier appeal: ${appeal.repeatOf}`);
      }
      const linked = earlier === undefined ? input : { ...input, repeatOf: earlier };
      const posId = platform.addAppeal(opaIdOf(index), linked);
      if (appeal.key !== undefined) known.set(appeal.key, posId);
    });
  });
}

function toInput(appeal: Appeal, serial: number, received: DateTime): AppealInput {
  const iso = (moment: DateTime) => moment.toISO() ?? '';
  return {
    kind: appeal.kind,
    source: appeal.source,
    fastTrack: appeal.fastTrack,
    description: appeal.text,
    location: { address: appeal.address },
    createdAt: iso(received.minus({ minutes: 25 })),
    receivedAt: iso(received),
    coordinationAt: iso(received.plus({ days: appeal.fastTrack ? 3 : 14 })),
    answerAt: iso(received.plus({ days: appeal.fastTrack ? 10 : 30 })),
    applicant: toApplicant(appeal, serial),
    files: appeal.files.map((file, index) => ({
      name: file.name,
      content: makeFile(file, serial * 10 + index),
    })),
  };
}

function toApplicant(appeal: Appeal, serial: number): WireApplicant {
  const epguId = String(1_000_000_000 + serial);
  if (appeal.anonymous) return { epguId };
  const [surname = '', name = '', patronymic = ''] = appeal.person?.split(' ') ?? [];
  const two = String(serial).padStart(2, '0');
  const contacts = { email: `zayavitel-${two}@example.test`, phone: `+7 000 000-00-${two}` };
  const person = { epguId, surname, name, patronymic, ...contacts };
  if (appeal.legal === undefined) return { kind: 'PERSON', ...person };
  return { kind: 'LEGAL', ...person, organization: appeal.legal };
}

/** Gives categories and sub-categories their ids, in the order in which they are met. */
function createCategories(): (appeal: Appeal) => AppealInput {
  const subjects = new Map<string, Map<string, string>>();
  return ({ category, subcategory }) => {
    const known = subjects.get(category) ?? new Map<string, string>();
    subjects.set(category, known);
    const subjectId = String([...subjects.keys()].indexOf(category) + 1);
    const none = { subsubjectId: null, subsubjectName: null };
    if (subcategory === undefined) return { subjectId, subjectName: category, ...none };
    const subsubjectId = known.get(subcategory) ?? `${subjectId}${String(known.size + 1).padStart(2, '0')}`;
    known.set(subcategory, subsubjectId);
    return { subjectId, subjectName: category, subsubjectId, subsubjectName: subcategory };
  };
}
