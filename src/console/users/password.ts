import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../model/errors.ts';

/** OWASP's parameters for scrypt; kept in the hash, so that a later choice does not lock anybody out. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const LENGTH = 32;

export const SHORTEST_PASSWORD = 12;
/** A longer one would only cost time to hash. */
export const LONGEST_PASSWORD = 256;

/** Each derivation takes 32 MB and a third of a second of a thread that files need too. */
const AT_ONCE = 2;
/** Further ones wait their turn; more than this wait only when somebody floods us. */
const MOST_WAITING = 40;
const waiting: (() => void)[] = [];
let running = 0;

/** A password as it is stored: `scrypt$N$r$p$salt$hash`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** A password for somebody who shall change it: 20 signs, some 116 bits, none that look alike. */
export function randomPassword(): string {
  const signs = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  return Array.from({ length: 20 }, () => signs[randomInt(signs.length)]).join('');
}

/** Whether a password is the stored one. With nothing stored it takes as long and says no: a login's being is no secret to tell. */
export async function isPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [, n, r, p, salt = '', hash = ''] = (stored ?? '').split('$');
  const cost = { N: Number(n ?? COST.N), r: Number(r ?? COST.r), p: Number(p ?? COST.p) };
  const given = await derive(password.slice(0, LONGEST_PASSWORD), Buffer.from(salt, 'base64url'), cost);
  const known = Buffer.from(hash, 'base64url');
  // A longer one was never taken, so it is not the stored one whatever its beginning is.
  if (password.length > LONGEST_PASSWORD || known.length !== given.length) return false;
  return timingSafeEqual(given, known);
}

async function derive(
  password: string,
  salt: Buffer,
  cost: { N: number; r: number; p: number },
): Promise<Buffer> {
  if (waiting.length >= MOST_WAITING) {
    throw new Fault('ENDPOINT_PAUSED', { detail: 'слишком много входов сразу, повторите через минуту' });
  }
  while (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await deriveNow(password, salt, cost);
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function deriveNow(
  password: string,
  salt: Buffer,
  cost: { N: number; r: number; p: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: 256 * cost.N * cost.r };
    scrypt(password.normalize('NFKC'), salt, LENGTH, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
