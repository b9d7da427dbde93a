import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import type { DeloChannel } from '../../tests/simulators/delo/index.ts';
import type { CabinetInput } from '../../tests/simulators/platform/index.ts';
import { type DemoCabinet, opaIdOf } from './appeals.ts';

/** How far back the demo's appeals may have been received. */
const START_DAYS_AGO = 30;

/** A cabinet as the platform knows it, with a password made for this start alone. */
export type DemoAccess = CabinetInput & { readonly id: string };

/** What the configuration of the demo's daemon names. */
export interface DemoSettings {
  /** Private folder for the settings file and the secrets. */
  readonly folder: string;
  readonly stateDir: string;
  readonly mappingsDir: string;
  readonly platformUrl: string;
  readonly mail: { readonly host: string; readonly port: number };
  readonly mailLogin: { readonly user: string; readonly password: string };
  readonly channels: readonly DeloChannel[];
  readonly cabinets: readonly DemoCabinet[];
  readonly access: readonly DemoAccess[];
  readonly archive: {
    readonly url: string;
    readonly user: string;
    readonly password: string;
    readonly cardfiles: readonly string[];
  };
}

/** A password that has never been used before. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}

/** Log-ins for the cabinets, with new passwords. */
export function makeAccess(cabinets: readonly DemoCabinet[]): DemoAccess[] {
  return cabinets.map(({ cabinet }, index) => ({
    id: cabinet.id,
    opaId: opaIdOf(index),
    identifier: `lko-${opaIdOf(index)}`,
    password: newPassword(),
    name: cabinet.name,
    address: cabinet.address,
  }));
}

/** Writes settings and secrets as an administrator would; gives the path of the settings file. */
export async function writeSettings(settings: DemoSettings): Promise<string> {
  const { folder, access, mailLogin } = settings;
  const secret = (name: string) => join(folder, `${name}.password`);
  for (const { id, password } of access) await writeFile(secret(id), `${password}\n`, { mode: 0o600 });
  await writeFile(secret('delo-web'), `${settings.archive.password}\n`, { mode: 0o600 });
  await writeFile(secret('smtp'), `${mailLogin.password}\n`, { mode: 0o600 });
  const path = join(folder, 'posrednik.yaml');
  // JSON is YAML too.
  await writeFile(path, JSON.stringify(toConfig(settings, secret), null, 2));
  return path;
}

function toConfig(settings: DemoSettings, secret: (name: string) => string): unknown {
  const { stateDir, mappingsDir, platformUrl, mail, mailLogin, channels, cabinets, access, archive } =
    settings;
  return {
    stateDir,
    mappingsDir,
    // The simulated platform ends what it has begun at once: a cut call needs no long wait.
    platform: { baseUrl: platformUrl, settleAfter: '2s' },
    console: { port: 0 },
    sed: { sweepInterval: '300ms' },
    retry: { base: '300ms', factor: 2, cap: '3s' },
    smtp: {
      ...mail,
      user: mailLogin.user,
      passwordFile: secret('smtp'),
      from: 'posrednik@example.test',
      to: ['administrator@example.test'],
    },
    channels: channels.map((channel) => ({ ...channel, address: 'posrednik@example.test', ...PARTIES })),
    cabinets: access.map(({ id, name, opaId, identifier }, index) => ({
      id,
      name,
      opaId,
      identifier,
      passwordFile: secret(id),
      channel: cabinets[index]?.cabinet.channel ?? '',
      timeZone: cabinets[index]?.cabinet.timeZone ?? '',
      startFrom: DateTime.now().minus({ days: START_DAYS_AGO }).toISODate(),
      pollInterval: '500ms',
    })),
    archives: [
      {
        id: 'delo-web',
        baseUrl: archive.url,
        user: archive.user,
        passwordFile: secret('delo-web'),
      },
    ],
    showcases: [
      {
        id: 'region',
        cabinet: access[0]?.id ?? '',
        archive: 'delo-web',
        region: REGION,
        cardfiles: archive.cardfiles,
        from: DateTime.now().minus({ years: 1 }).toISODate(),
        maxRecords: 200,
        reportInterval: '1s',
      },
    ],
  };
}

/** No region of the country: everything here is made up. */
const REGION = '80';

const PARTIES = {
  recipient: {
    organizationUid: '0000000001',
    organizationName: 'Правительство Верхнелипской области',
    edmsUid: '5C0B7E1D2F3A4B5C8D9E0F1A2B3C4D5E',
  },
  sender: {
    organizationUid: '0000000002',
    organizationName: 'Платформа обратной связи',
    edmsUid: '9A8B7C6D5E4F30211203F4E5D6C7B8A9',
  },
};
