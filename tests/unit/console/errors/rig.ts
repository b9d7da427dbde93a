import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { createIncidents } from '../../../../src/alerts/incidents.ts';
import { loadConfig } from '../../../../src/config/index.ts';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { errorRoutes } from '../../../../src/console/pages/errors/index.ts';
import type { Role } from '../../../../src/console/web/viewer.ts';
import { type PlatformSimulator, startPlatform } from '../../../simulators/platform/index.ts';
import { type SmtpSimulator, startSmtp } from '../../../simulators/smtp/index.ts';
import { addTestUser, startTestConsole, type Visitor, visitor } from '../../../support/console.ts';
import { consoleDeps } from '../../../support/console-deps.ts';
import { startWorld, WORLD } from '../../alerts/incident/world.ts';
import { dropFolder, makeFolder } from '../../config/helpers.ts';

/** The error log on a real database, with a simulated platform and mail server behind it. */
export async function startErrors() {
  const world = await startWorld();
  const platform = await startPlatform({});
  const smtp = await startSmtp();
  const folder = await makeFolder({
    'secrets/city': 'тайна-77\n',
    'main/in/.keep': '',
    'main/out/.keep': '',
  });
  platform.addCabinet({ opaId: '100', identifier: 'login-city', password: 'тайна-77', name: 'Мэрия' });
  const loaded = await loadConfig({
    path: join(await write(folder, settings(platform, smtp)), 'posrednik.yaml'),
    env: {},
    cwd: folder,
  });
  const deps: ConsoleDeps = {
    ...(await consoleDeps(world.database.dataSource, loaded)),
    incidents: createIncidents(pino({ level: 'silent' })),
  };
  const served = await startTestConsole(world.db, [...errorRoutes(deps), ...accountRoutes(deps)]);
  for (const role of ['viewer', 'operator', 'admin'] as const) await addTestUser(world.db, role, role);

  const people = new Map<Role, Visitor>();
  return {
    world,
    platform,
    deps,
    folder,
    url: served.url,
    /** Somebody of this role who has signed in. */
    async as(role: Role): Promise<Visitor> {
      const known = people.get(role);
      if (known !== undefined) return known;
      const person = visitor(served.url);
      await person.signIn(role);
      people.set(role, person);
      return person;
    },
    /** Sends a form with a file in it. */
    async upload(
      person: Visitor,
      path: string,
      fields: readonly (readonly [string, string])[],
      file?: { readonly name: string; readonly content: Uint8Array<ArrayBuffer> },
    ) {
      const body = new FormData();
      body.append('csrf', await person.csrf());
      for (const [name, value] of fields) body.append(name, value);
      if (file !== undefined) body.append('file', new Blob([file.content]), file.name);
      const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(`${served.url}${path}`, {
        method: 'POST',
        body,
        headers: { cookie },
        redirect: 'manual',
      });
      return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() };
    },
    async clear(): Promise<void> {
      await world.clear();
      await world.db.query(`UPDATE cabinet SET state = 'active', state_code = NULL`);
    },
    async stop(): Promise<void> {
      await served.close();
      await deps.platform.close();
      await smtp.close();
      await platform.close();
      await world.stop();
      await dropFolder(folder);
    },
  };
}

export type ErrorsRig = Awaited<ReturnType<typeof startErrors>>;

async function write(folder: string, text: string): Promise<string> {
  await writeFile(join(folder, 'posrednik.yaml'), text);
  return folder;
}

function settings(platform: PlatformSimulator, smtp: SmtpSimulator): string {
  const party = (uid: string) => `{organizationUid: ${uid}, organizationName: ${uid}, edmsUid: ${uid}}`;
  const cabinets = WORLD.cabinets
    .map(
      ({ id, opaId, channel, name }) =>
        `  - {id: ${id}, name: ${name ?? id}, opaId: '${opaId}', identifier: login-${id}, channel: ${channel}, passwordFile: secrets/${id}}`,
    )
    .join('\n');
  const channels = ['main', 'other']
    .map(
      (id) =>
        `  - {id: ${id}, out: ${id}/out, in: ${id}/in, recipient: ${party('r')}, sender: ${party('s')}}`,
    )
    .join('\n');
  return `platform: {baseUrl: '${platform.url}'}
smtp: {host: ${smtp.host}, port: ${smtp.port}, from: p@a.test, to: [admin@a.test]}
channels:
${channels}
cabinets:
${cabinets}
`;
}
