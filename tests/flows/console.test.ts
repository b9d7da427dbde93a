import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startDelo } from '../simulators/delo/index.ts';
import { startPlatform } from '../simulators/platform/index.ts';
import { visitor } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandResult, type Posrednik, runPosrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const LONG = 300_000;
const PASSWORD = 'первый-администратор-2026';

describe('the console of a running daemon', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  let delo: Awaited<ReturnType<typeof startDelo>>;
  let stand: Stand;
  let daemon: Posrednik | undefined;

  beforeEach(async () => {
    platform = await startPlatform();
    stand = await makeStand({ platformUrl: platform.url, cabinets: 1 });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels, keepFiles: false });
  });
  afterEach(async () => {
    daemon?.process.kill('SIGKILL');
    await daemon?.exited;
    await delo.stop();
    await platform.close();
    await stand.remove();
  });

  const command = (...args: string[]): Promise<CommandResult> =>
    runPosrednik([...args, '--config', stand.configPath]);

  it(
    'the first administrator is made by a command, signs in, sees an appeal arrive, and is told of the stop',
    async () => {
      daemon = startPosrednik(['run', '--config', stand.configPath]);
      const { url } = (await daemon.logged('daemon started')) as { url: string };
      const person = visitor(url);
      expect((await person.get('/')).location).toBe('/sign-in?back=%2F');
      expect((await person.get('/sign-in')).text).toContain('posrednik user add');

      const file = join(stand.dir, 'password');
      await writeFile(file, `${PASSWORD}\n`);
      const added = await command('user', 'add', 'админ', '--role', 'admin', '--password-file', file);
      expect(added).toMatchObject({ code: 0, stderr: '' });
      expect((await person.signIn('админ', PASSWORD)).location).toBe('/');
      expect((await person.get('/users')).text).toContain('админ');

      const live = await fetch(`${url}/live`, {
        headers: { cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      let told = '';
      let ended = false;
      const reading = (async () => {
        const decoder = new TextDecoder();
        for await (const chunk of live.body ?? []) told += decoder.decode(chunk, { stream: true });
      })()
        .catch(() => undefined)
        .finally(() => {
          ended = true;
        });
      await eventually('the counts', () => told.includes('event: counts'));
      platform.addAppeal(stand.cabinets[0]?.opaId ?? '', { posId: 651_001 });
      await eventually('the card', () => delo.counters.registered === 1, LONG);
      await eventually('word of it', () => told.includes('event: changed'));

      const made = await command('token', 'add', 'бот', '--role', 'viewer', '--scopes', 'all:read', '--json');
      const { token } = JSON.parse(made.stdout) as { token: string };
      const shown = await runPosrednik(['appeals', 'show', '651001', '--api', url, '--json'], {
        env: { POSREDNIK_API_TOKEN: token },
        cwd: stand.dir,
      });
      expect(JSON.parse(shown.stdout)).toMatchObject({ journeys: [{ posId: '651001', cabinet: 'lko-1' }] });
      const api = await fetch(`${url}/api/v1/audit`, { headers: { authorization: `Bearer ${token}` } });
      expect(api.status).toBe(403);
      expect((await person.get('/audit')).text).toContain('token:бот');

      daemon.process.kill('SIGTERM');
      expect(await daemon.exited).toEqual({ code: 0, signal: null });
      await reading;
      expect(ended).toBe(true);
      expect(daemon.stdout.join('\n')).not.toContain(PASSWORD);
      expect(daemon.stdout.join('\n')).not.toContain(token);
      expect(daemon.stderr).toEqual([]);
    },
    LONG,
  );
});
