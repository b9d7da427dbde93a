import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface StandCabinet {
  readonly id: string;
  readonly opaId: string;
  readonly name: string;
  readonly identifier: string;
  readonly password: string;
  readonly channel: string;
}

export interface StandOptions {
  readonly platformUrl: string;
  readonly cabinets: number;
  readonly channels?: number;
  /** Merged over the made configuration, section by section. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Folder to put everything in; a new temporary one unless given. */
  readonly dir?: string;
  readonly names?: readonly string[];
}

export interface Stand {
  readonly dir: string;
  readonly configPath: string;
  readonly cabinets: readonly StandCabinet[];
  readonly channels: readonly { readonly id: string; readonly out: string; readonly in: string }[];
  /** Writes another password into the cabinet's secret file. */
  setPassword(cabinetId: string, password: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a working folder with a configuration for a simulated platform: channels, cabinets, random secrets. */
export async function makeStand(options: StandOptions): Promise<Stand> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'posrednik-stand-')));
  await mkdir(dir, { recursive: true });
  // The embedded database may run under another account and must reach its folder.
  await chmod(dir, 0o755);
  const channels = Array.from({ length: options.channels ?? 1 }, (_, index) => {
    const id = `delo-${index + 1}`;
    return { id, out: join(dir, 'channels', id, 'out'), in: join(dir, 'channels', id, 'in') };
  });
  for (const channel of channels) {
    await mkdir(channel.out, { recursive: true });
    await mkdir(channel.in, { recursive: true });
  }
  await mkdir(join(dir, 'secrets'), { recursive: true, mode: 0o700 });
  const cabinets: StandCabinet[] = [];
  for (let index = 0; index < options.cabinets; index += 1) {
    const cabinet = {
      id: `lko-${index + 1}`,
      opaId: String(100_001 + index),
      name: options.names?.[index] ?? `Администрация района № ${index + 1}`,
      identifier: `lko-${100_001 + index}`,
      password: randomBytes(12).toString('base64url'),
      channel: channels[index % channels.length]?.id ?? 'delo-1',
    };
    cabinets.push(cabinet);
    await writeFile(secretPath(dir, cabinet.id), `${cabinet.password}\n`, { mode: 0o600 });
  }
  const config = mergeSections(
    makeConfig(options.platformUrl, dir, channels, cabinets),
    options.config ?? {},
  );
  const configPath = join(dir, 'posrednik.yaml');
  // JSON is YAML too.
  await writeFile(configPath, `${JSON.stringify(config, null, 2)}\n`);
  return {
    dir,
    configPath,
    cabinets,
    channels,
    setPassword: (id, password) => writeFile(secretPath(dir, id), `${password}\n`),
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function secretPath(dir: string, cabinetId: string): string {
  return join(dir, 'secrets', cabinetId);
}

function makeConfig(
  platformUrl: string,
  dir: string,
  channels: Stand['channels'],
  cabinets: readonly StandCabinet[],
): Record<string, unknown> {
  const recipient = {
    organizationUid: '3525064930',
    organizationName: 'Администрация города',
    edmsUid: '4313BCFDAD6A422EA375EF34BB248BCD',
  };
  const sender = {
    organizationUid: '77000000',
    organizationName: 'Платформа обратной связи',
    edmsUid: 'A1B2C3D4E5F60718293A4B5C6D7E8F90',
  };
  return {
    stateDir: join(dir, 'state'),
    platform: { baseUrl: platformUrl },
    console: { port: 0 },
    sed: { sweepInterval: '500ms' },
    retry: { base: '200ms', factor: 2, cap: '2s' },
    channels: channels.map((channel) => ({
      ...channel,
      address: 'posrednik@example.test',
      number: '1',
      recipient,
      sender,
    })),
    cabinets: cabinets.map(({ id, opaId, name, identifier, channel }) => ({
      id,
      name,
      opaId,
      identifier,
      channel,
      passwordFile: secretPath(dir, id),
      region: '35',
      startFrom: '2020-01-01',
      pollInterval: '500ms',
    })),
  };
}

function mergeSections(
  base: Record<string, unknown>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    const both = isPlain(before) && isPlain(value);
    merged[key] = both ? { ...before, ...value } : value;
  }
  return merged;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
