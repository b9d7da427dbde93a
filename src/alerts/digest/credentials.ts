import { stat } from 'node:fs/promises';
import type { SectionContent } from '../mail/digest.ts';
import { seeCertificate, tlsPlaces } from './certificates.ts';
import type { DigestDeps } from './deps.ts';
import { dayOf, paragraph, table } from './words.ts';

/** Certificates that end within so many days are told; tokens of integrations within fewer. */
const CERTIFICATE_DAYS = 30;
const TOKEN_DAYS = 14;
const DAY_MS = 86_400_000;

/** Certificates and tokens that end soon, and passwords that nobody has changed for long. */
export async function credentialsSection(deps: DigestDeps): Promise<SectionContent | undefined> {
  const [certificates, passwords, tokens] = [
    await certificateRows(deps),
    await passwordRows(deps),
    await tokenRows(deps),
  ];
  if (certificates.length + passwords.length + tokens.length === 0) return undefined;
  return {
    blocks: [
      ...(certificates.length === 0 ? [] : table(['Сертификат', 'Действует до'], certificates)),
      ...(passwords.length === 0
        ? []
        : [
            paragraph(`Пароли, которые не меняли дольше ${deps.loaded.config.alerts.oldPasswordDays} дней:`),
            ...table(['Чей', 'Файл', 'Изменён'], passwords),
          ]),
      ...(tokens.length === 0
        ? []
        : [paragraph('Токены API, срок которых кончается:'), ...table(['Токен', 'Действует до'], tokens)]),
    ],
  };
}

async function certificateRows({ loaded, now }: DigestDeps): Promise<string[][]> {
  const { timeZone } = loaded.config.alerts;
  const seen = await Promise.all(tlsPlaces(loaded.config).map(seeCertificate));
  return seen.flatMap(({ host, port, validTo }) => {
    if (validTo === undefined) return [[`${host}:${port}`, 'проверить не удалось']];
    const left = validTo.getTime() - now().getTime();
    if (left > CERTIFICATE_DAYS * DAY_MS) return [];
    return [[`${host}:${port}`, `${dayOf(validTo, timeZone)}${left < 0 ? ', уже истёк' : ''}`]];
  });
}

async function passwordRows({ loaded, cabinets, now }: DigestDeps): Promise<string[][]> {
  const { config } = loaded;
  const { timeZone, oldPasswordDays } = config.alerts;
  const files: readonly (readonly [string, string | undefined])[] = [
    ...cabinets().map(({ id, secretFile }) => [`кабинет ${id}`, secretFile] as const),
    ...config.archives.map(({ id, passwordFile }) => [`архив ${id}`, passwordFile] as const),
    ['почтовый сервер', config.smtp?.passwordFile],
  ];
  const rows: string[][] = [];
  for (const [whose, file] of files) {
    // One that is not there is told where it is needed.
    const changed =
      file === undefined
        ? undefined
        : await stat(file).then(
            ({ mtime }) => mtime,
            () => undefined,
          );
    if (file === undefined || changed === undefined) continue;
    if (now().getTime() - changed.getTime() > oldPasswordDays * DAY_MS)
      rows.push([whose, file, dayOf(changed, timeZone)]);
  }
  return rows;
}

async function tokenRows({ db, loaded, now }: DigestDeps): Promise<string[][]> {
  const tokens = await db.query<{ name: string; expiresAt: Date }>(
    `SELECT name, expires_at AS "expiresAt" FROM api_token WHERE revoked_at IS NULL AND expires_at > $1
       AND expires_at < $1::timestamptz + make_interval(days => $2) ORDER BY expires_at, id`,
    [now(), TOKEN_DAYS],
  );
  return tokens.map(({ name, expiresAt }) => [name, dayOf(expiresAt, loaded.config.alerts.timeZone)]);
}
