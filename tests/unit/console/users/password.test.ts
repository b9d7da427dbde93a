import { describe, expect, it } from '@jest/globals';
import { hashPassword, isPassword, randomPassword } from '../../../../src/console/users/password.ts';

const LONG = 60_000;

describe('passwords', () => {
  it(
    'are stored salted and slow, each its own, and are told from others',
    async () => {
      const [first, second] = [await hashPassword('верная лошадь'), await hashPassword('верная лошадь')];
      expect(first).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
      expect(first).not.toBe(second);
      expect(await isPassword('верная лошадь', first)).toBe(true);
      expect(await isPassword('Верная лошадь', first)).toBe(false);
      expect(await isPassword('верная лошадь ', first)).toBe(false);
      expect(await isPassword('', first)).toBe(false);
    },
    LONG,
  );

  it(
    'are the same however a keyboard composes their letters',
    async () => {
      const stored = await hashPassword('йогурт ёж');
      expect(await isPassword('йогурт ёж'.normalize('NFD'), stored)).toBe(true);
    },
    LONG,
  );

  it(
    'of which nothing is stored, or nonsense, are never right',
    async () => {
      for (const stored of [undefined, null, '', 'scrypt$1024$8$1$$']) {
        expect(await isPassword('', stored)).toBe(false);
        expect(await isPassword('верная лошадь', stored)).toBe(false);
      }
    },
    LONG,
  );

  it(
    'longer than any that is taken are not cut to one that is',
    async () => {
      const longest = 'я'.repeat(256);
      const stored = await hashPassword(longest);
      expect(await isPassword(longest, stored)).toBe(true);
      expect(await isPassword(`${longest}!`, stored)).toBe(false);
    },
    LONG,
  );

  it('made here are long, different, and without signs that look alike', () => {
    const made = new Set(Array.from({ length: 200 }, randomPassword));
    expect(made.size).toBe(200);
    for (const password of made) expect(password).toMatch(/^[a-km-zA-HJ-NP-Z2-9]{20}$/);
  });

  it(
    'a flood of them is refused beyond what can wait, and the rest is judged',
    async () => {
      const cheap = await hashPassword('верная лошадь');
      const judged = await Promise.allSettled(
        Array.from({ length: 60 }, () => isPassword('нет', 'scrypt$1024$8$1$$')),
      );
      const refused = judged.filter(({ status }) => status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      expect(judged.length - refused.length).toBeGreaterThanOrEqual(40);
      expect(refused[0]).toMatchObject({ reason: { code: 'ENDPOINT_PAUSED' } });
      expect(await isPassword('верная лошадь', cheap)).toBe(true);
    },
    LONG,
  );
});
