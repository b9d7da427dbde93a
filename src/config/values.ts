import { isIP } from 'node:net';
import { z } from 'zod';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** A length of time written as `30s`, `15m`, `72h`, `1d`; read into milliseconds. */
export function duration(fallback: string) {
  return z
    .string()
    .regex(/^\d+(ms|s|m|h|d)$/, 'напишите число с единицей: 500ms, 30s, 15m, 72h или 1d')
    .default(fallback)
    .transform((text) => {
      const [, number, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
      return Number(number) * UNITS[unit as keyof typeof UNITS];
    });
}

/** A size written as `512KB`, `50MB`, `2GB`; read into bytes. */
export function byteSize(fallback: string) {
  return z
    .string()
    .regex(/^\d+(B|KB|MB|GB)$/, 'напишите число с единицей: 512KB, 50MB или 2GB')
    .default(fallback)
    .transform((text) => {
      const [, number, unit] = /^(\d+)(B|KB|MB|GB)$/.exec(text) ?? [];
      return Number(number) * BYTES[unit as keyof typeof BYTES];
    });
}

export const timeZone = z
  .string()
  .refine(isTimeZone, 'напишите часовой пояс IANA, например Europe/Moscow или Asia/Yakutsk');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('ru', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** An IP address, or a network of them as `10.1.0.0/16`. */
export const addressRange = z
  .string()
  .refine(isAddressRange, 'напишите адрес 10.1.2.3 или сеть 10.1.0.0/16 (IPv6 тоже годится)');

function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
