import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DemoCabinet, opaIdOf, readAppeals, sendAppeals } from '../../../scripts/demo/appeals.ts';
import { makeAccess } from '../../../scripts/demo/settings.ts';
import { type PlatformSimulator, startPlatform, type WireAppeal } from '../../simulators/platform/index.ts';

const NOW = new Date('2026-03-02T09:00:00Z');
let cabinets: DemoCabinet[];
let platform: PlatformSimulator;
let appeals: readonly WireAppeal[];

beforeAll(async () => {
  cabinets = await readAppeals();
  platform = await startPlatform();
  for (const { id: _id, ...cabinet } of makeAccess(cabinets)) platform.addCabinet(cabinet);
  sendAppeals(platform, cabinets, NOW);
  appeals = platform.appeals();
});

afterAll(() => platform.close());

describe("the demo's appeals", () => {
  it('are sixty in three cabinets, no two with the same text', () => {
    expect(cabinets.map((cabinet) => cabinet.appeals.length)).toEqual([20, 20, 20]);
    expect(new Set(appeals.map(({ description }) => description)).size).toBe(60);
    expect(new Set(appeals.map(({ applicant }) => applicant.epguId)).size).toBe(60);
    for (const { description } of appeals) expect(description).toMatch(/^[А-ЯЁ][\s\S]{60,3900}[.?!)🙏»]$/u);
  });

  it('have one anonymous, one legal entity, one repeated, some fast-track and some of the law', () => {
    const anonymous = appeals.filter(({ applicant }) => Object.keys(applicant).join() === 'epguId');
    expect(anonymous).toHaveLength(1);
    const legal = appeals.filter(({ applicant }) => applicant.kind === 'LEGAL');
    expect(legal.map(({ applicant }) => applicant.organization?.name)).toEqual([
      'ООО «Пекарня „Румяный край“»',
    ]);
    const [repeated, ...others] = appeals.filter(({ repeatOf }) => typeof repeatOf === 'number');
    expect(others).toEqual([]);
    const earlier = appeals.find(({ posId }) => posId === repeated?.repeatOf);
    expect(earlier?.organizationPersonalAreaId).toBe(repeated?.organizationPersonalAreaId);
    expect(earlier?.receivedAt.localeCompare(repeated?.receivedAt ?? '')).toBe(-1);
    expect(appeals.filter(({ fastTrack }) => fastTrack).length).toBeGreaterThanOrEqual(1);
    expect(appeals.filter(({ kind }) => kind === 'APPEAL_59FZ').length).toBeGreaterThan(5);
    expect([...new Set(appeals.map(({ source }) => source))].sort()).toEqual(['EPGU', 'MOBILE', 'SITE']);
  });

  it('were received in the order of the feed, before now, and are due after it', () => {
    for (const index of cabinets.keys()) {
      const times = platform.appeals(opaIdOf(index)).map(({ receivedAt }) => Date.parse(receivedAt));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.at(-1)).toBeLessThan(NOW.getTime());
    }
    for (const { createdAt, receivedAt, answerAt } of appeals) {
      expect(Date.parse(createdAt)).toBeLessThan(Date.parse(receivedAt));
      expect(Date.parse(answerAt)).toBeGreaterThan(NOW.getTime());
    }
  });

  it('name people at addresses that cannot exist', () => {
    const people = appeals.filter(({ applicant }) => applicant.kind !== undefined);
    for (const { applicant } of people) {
      expect(applicant.email).toMatch(/@example\.test$/);
      expect(applicant.phone).toMatch(/^\+7 000 /);
      expect([applicant.surname, applicant.name, applicant.patronymic].join(' ')).toMatch(/^\S+ \S+ \S+$/);
    }
    for (const { location } of appeals) {
      expect((location as { address: string }).address).toMatch(/Верхнелипск|Приозёрн/);
    }
  });

  it('give a category one id and a sub-category one id within it', () => {
    const ids = new Map<string, string>();
    for (const { subjectId, subjectName, subsubjectId, subsubjectName } of appeals) {
      for (const [id, name] of [
        [subjectId, subjectName],
        [subsubjectId, subsubjectId === null ? null : `${subjectName} / ${subsubjectName}`],
      ]) {
        if (id === null || id === undefined || name === null || name === undefined) continue;
        expect(ids.get(id) ?? name).toBe(name);
        ids.set(id, name);
      }
    }
    expect(ids.size).toBeGreaterThan(25);
    expect(new Set(ids.values()).size).toBe(ids.size);
  });

  it('bring files no two of which are alike', () => {
    const sums = appeals.flatMap(({ attachments }) => attachments.map(({ sha256 }) => sha256));
    expect(sums.length).toBeGreaterThan(30);
    expect(new Set(sums).size).toBe(sums.length);
    const names = appeals.flatMap(({ attachments }) => attachments.map(({ name }) => name.slice(-4)));
    expect([...new Set(names)].sort()).toEqual(['.pdf', '.png', '.txt']);
  });

  it('get other passwords at each start', () => {
    const passwords = [...makeAccess(cabinets), ...makeAccess(cabinets)].map(({ password }) => password);
    expect(new Set(passwords).size).toBe(6);
  });
});
