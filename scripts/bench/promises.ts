import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';

/** A package as the daemon's own tables tell of it. */
export interface SentPackage {
  readonly posId: string;
  readonly messageDir: string;
  /** SHA-256 of the citizen's file, as stored at its fetching. */
  readonly sha256: string;
}

/** Every n-th package is read back and its file compared. */
const SAMPLE_EVERY = 50;

/** Reads what the daemon says it has sent, first to last. */
export async function readSent(client: Client): Promise<SentPackage[]> {
  const { rows } = await client.query<SentPackage>(
    `SELECT a.pos_id AS "posId", p.message_dir AS "messageDir", f.sha256
     FROM package p JOIN card k ON k.id = p.card_id JOIN appeal a ON a.id = k.appeal_id
     LEFT JOIN attachment f ON f.appeal_id = a.id
     WHERE p.stage = 'sent' ORDER BY p.id`,
  );
  return rows;
}

/**
 * Looks for broken promises: an appeal without its package or with two, an envelope without its folder or the
 * reverse, something left lying, a file that is not what the platform gave. Returns them in words; none is good.
 */
export async function findBroken(
  sent: readonly SentPackage[],
  out: string,
  expected: number,
  fetchFile: (posId: string) => Promise<Uint8Array>,
): Promise<string[]> {
  const broken: string[] = [];
  const posIds = new Set(sent.map((one) => one.posId));
  if (sent.length !== expected) broken.push(`в базе отправлено ${sent.length} карточек вместо ${expected}`);
  if (posIds.size !== expected) broken.push(`разных обращений ${posIds.size} вместо ${expected}`);
  const names = await readdir(out);
  const present = new Set(names);
  if (names.length !== 2 * expected) {
    broken.push(`в папке out ${names.length} папок и конвертов вместо ${2 * expected}`);
  }
  const lost = sent.filter((one) => !present.has(one.messageDir) || !present.has(`${one.messageDir}.env`));
  if (lost.length > 0) broken.push(`нет папки или конверта у ${lost.length} отправленных карточек`);
  for (const one of sent.filter((_, index) => index % SAMPLE_EVERY === 0)) {
    const trouble = await checkPackage(one, join(out, one.messageDir), fetchFile);
    if (trouble !== undefined) broken.push(`обращение ${one.posId}: ${trouble}`);
  }
  return broken;
}

async function checkPackage(
  one: SentPackage,
  folder: string,
  fetchFile: (posId: string) => Promise<Uint8Array>,
): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes('DocInfo.xml')) return 'нет DocInfo.xml';
  if (names.length !== 3) return `файлов ${names.length} вместо трёх`;
  const docInfo = await readFile(join(folder, 'DocInfo.xml'), 'utf8');
  if (!docInfo.includes(one.posId)) return 'DocInfo.xml не называет обращения';
  const unnamed = names.filter((name) => name !== 'DocInfo.xml' && !docInfo.includes(name));
  if (unnamed.length > 0) return 'DocInfo.xml не называет файла';
  const truth = hash('sha256', await fetchFile(one.posId), 'hex');
  if (truth !== one.sha256) return 'в базе не та контрольная сумма файла';
  const sums = await Promise.all(
    names.map(async (name) => hash('sha256', await readFile(join(folder, name)), 'hex')),
  );
  return sums.includes(truth) ? undefined : 'в папке не тот файл, что на платформе';
}
