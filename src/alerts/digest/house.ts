import { statfs } from 'node:fs/promises';
import type { SectionContent } from '../mail/digest.ts';
import type { DigestDeps } from './deps.ts';
import { at, paragraph, table } from './words.ts';

/** Less than this part of a disk free is worth a word. */
const LITTLE = 0.1;

/** Free room on the disks, the size of the database, and what waits in the queue: always told, so silence is a sign too. */
export async function houseSection({ db, loaded }: DigestDeps): Promise<SectionContent> {
  const { config } = loaded;
  const disks: string[][] = [];
  for (const [what, path] of [
    ['Файлы', config.spoolDir],
    ['Состояние', config.stateDir],
  ] as const) {
    const { bsize, bavail, blocks } = await statfs(path);
    const part = blocks === 0 ? 1 : bavail / blocks;
    disks.push([
      what,
      path,
      `${gigabytes(bavail * bsize)} из ${gigabytes(blocks * bsize)}${part < LITTLE ? ', мало' : ''}`,
    ]);
  }
  const [row] = await db.query<{
    size: number;
    due: number;
    oldest: Date | null;
    deliveries: number;
    mails: number;
  }>(
    `SELECT pg_database_size(current_database())::float8 AS size,
       (SELECT count(*)::int FROM (SELECT 1 FROM appeal WHERE due_at <= now() LIMIT 100000) a) AS due,
       (SELECT min(due_at) FROM appeal WHERE due_at <= now()) AS oldest,
       (SELECT count(*)::int FROM (SELECT 1 FROM delivery WHERE state IN ('queued', 'sending', 'unknown') LIMIT 100000) d)
         AS deliveries,
       (SELECT count(*)::int FROM mail WHERE settled_at IS NULL) AS mails`,
  );
  const oldest =
    row?.oldest === null || row?.oldest === undefined
      ? ''
      : `, старейшее с ${at(row.oldest, config.alerts.timeZone)}`;
  return {
    blocks: [
      ...table(['Диск', 'Папка', 'Свободно'], disks),
      paragraph(`База данных: ${gigabytes(row?.size ?? 0)}.`),
      paragraph(
        `В очереди: обращений ${row?.due ?? 0}${oldest}; отправок на платформу ${row?.deliveries ?? 0}; писем ${row?.mails ?? 0}.`,
      ),
    ],
  };
}

function gigabytes(bytes: number): string {
  const size = bytes / 1024 ** 3;
  return `${size < 10 ? (Math.round(size * 100) / 100).toLocaleString('ru') : Math.round(size).toLocaleString('ru')} ГБ`;
}
