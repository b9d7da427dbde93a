import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CABINET } from './place.ts';

export interface WrittenConfig {
  readonly path: string;
  readonly stateDir: string;
  /** Where the packages appear. */
  readonly out: string;
}

/** Writes a configuration for one cabinet and one channel into `dir`; everything not named is the default. */
export async function writeConfig(dir: string, platformUrl: string): Promise<WrittenConfig> {
  // The embedded database may run under another account and must reach its folder.
  await chmod(dir, 0o755);
  const out = join(dir, 'channel', 'out');
  const into = join(dir, 'channel', 'in');
  await mkdir(out, { recursive: true });
  await mkdir(into, { recursive: true });
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, `${CABINET.password}\n`, { mode: 0o600 });
  const party = { organizationUid: '3525064930', organizationName: 'Администрация города' };
  const stateDir = join(dir, 'state');
  const config = {
    stateDir,
    platform: { baseUrl: platformUrl },
    console: { port: 0 },
    channels: [
      {
        id: 'delo',
        out,
        in: into,
        recipient: { ...party, edmsUid: '4313BCFDAD6A422EA375EF34BB248BCD' },
        sender: { ...party, edmsUid: 'A1B2C3D4E5F60718293A4B5C6D7E8F90' },
      },
    ],
    cabinets: [
      {
        id: 'bench',
        name: 'Администрация города',
        opaId: CABINET.opaId,
        identifier: CABINET.identifier,
        channel: 'delo',
        passwordFile,
        startFrom: '2020-01-01',
      },
    ],
  };
  const path = join(dir, 'posrednik.yaml');
  // JSON is YAML too.
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`);
  return { path, stateDir, out };
}
