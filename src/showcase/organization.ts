import { Fault } from '../model/errors.ts';
import type { FileDeps, Showcase } from './deps.ts';

const KEY = 'organization-ogrn:';

/**
 * ОГРН of the organisation for the header of files: the showcase's setting, else what the platform said when the cabinet
 * last logged in for it, kept in the database so that building needs no platform.
 * @throws Fault SHOWCASE_ORGANIZATION_UNKNOWN when nobody knows it; what the platform's log-in throws
 */
export async function organizationOgrn(
  { db, askOgrn }: Pick<FileDeps, 'db' | 'askOgrn'>,
  showcase: Showcase,
): Promise<string> {
  if (showcase.ogrn !== undefined) return showcase.ogrn;
  const key = KEY + showcase.opaId;
  const [row] = await db.query<{ value: string }>(`SELECT value FROM setting WHERE key = $1`, [key]);
  if (row !== undefined) return row.value;
  const ogrn = (await askOgrn?.())?.trim() ?? '';
  if (ogrn === '') throw new Fault('SHOWCASE_ORGANIZATION_UNKNOWN', { detail: showcase.id, field: 'ogrn' });
  await db.query(
    `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [key, ogrn],
  );
  return ogrn;
}
