import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connectPlatform, type PlatformSimulator } from '../../simulators/platform/index.ts';
import {
  access,
  download,
  jsonOf,
  logIn,
  OPA,
  platformWithCabinets,
  postStatus,
  readFeed,
} from './client.ts';

const MAIN = new URL('../../simulators/platform/main.ts', import.meta.url).pathname;

describe('control interface', () => {
  let platform: PlatformSimulator;
  afterEach(() => platform.close());

  it('does over HTTP what the handles do', async () => {
    platform = await platformWithCabinets();
    const remote = connectPlatform(`${platform.url}/`);
    await remote.addCabinet({ opaId: '5', identifier: 'id-5', password: 'pw-5', name: 'Пятый' });
    const contentBase64 = Buffer.from('байты').toString('base64');
    const posId = await remote.addAppeal('5', {
      description: 'Текст',
      files: [{ name: 'a.txt', contentBase64 }],
    });
    await remote.change('5', posId, 'AMENDED', { description: 'Другой' });
    await remote.addRawItem('5', '{"чужое":true}');
    const headers = await access(platform, '5');
    const { content } = await readFeed(platform, headers);
    expect(content).toMatchObject([{ description: 'Текст' }, { description: 'Другой' }, { чужое: true }]);
    const [file] = await remote.files('5');
    expect(await (await download(platform, headers, file?.fileId ?? '')).text()).toBe('байты');
    expect(await remote.fileContent('5', file?.fileId ?? '')).toBe(contentBase64);
    expect((await remote.history('5', posId)).map((entry) => entry.status)).toEqual([
      'MODERATION_NEW',
      'MODERATION_ACCEPT',
    ]);
    expect(await remote.appeals('5')).toHaveLength(1);
    expect((await remote.appeals()).length).toBe(1);
    expect(await remote.appeal('5', posId)).toMatchObject({ posId, description: 'Другой' });
  });

  it('scripts faults, passwords, readiness, retention and options', async () => {
    platform = await platformWithCabinets();
    const remote = connectPlatform(platform.url);
    const id = await remote.fault({ route: 'token', kind: 'rate-limit', times: 1 });
    expect((await logIn(platform)).status).toBe(429);
    expect(await remote.faults()).toEqual([{ id, kind: 'rate-limit', seen: 1, fired: 1 }]);
    await remote.clearFaults();
    expect(await remote.faults()).toEqual([]);
    await remote.setReady(OPA, false);
    expect((await logIn(platform)).status).toBe(423);
    await remote.setReady(OPA, true);
    await remote.setPassword(OPA, 'другой');
    expect((await logIn(platform)).status).toBe(400);
    await remote.setPassword(OPA, `pw-${OPA}`);
    const headers = await access(platform);
    await remote.addAppeal(OPA);
    const oldest = await remote.expireCursorsBefore(OPA, 1);
    expect((await readFeed(platform, headers, `after=${oldest}`)).content).toEqual([]);
    expect((await remote.counters()).requests).toEqual({ token: 4, feed: 1 });
    await remote.resetCounters();
    expect((await remote.counters()).requests).toEqual({});
    await remote.configure({ keyMode: 'nokeys' });
    const posId = await remote.addAppeal(OPA);
    for (let i = 0; i < 2; i++) await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' }, 'k');
    expect(await remote.history(OPA, posId)).toHaveLength(4);
    await remote.rate(OPA, posId, 5).catch((error: unknown) => expect(String(error)).toContain('no answer'));
    await remote.revokeTokens();
    expect((await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' })).status).toBe(401);
  });

  it('says what was wrong with a command', async () => {
    platform = await platformWithCabinets();
    const remote = connectPlatform(platform.url);
    await expect(remote.addAppeal('нет')).rejects.toThrow('no cabinet');
    await expect(
      remote.addCabinet({ opaId: OPA, identifier: 'x', password: 'x', name: 'x' }),
    ).rejects.toThrow('there already');
    await expect(
      remote.addCabinet({ opaId: '9', identifier: `id-${OPA}`, password: 'x', name: 'x' }),
    ).rejects.toThrow('taken');
    const unknown = await fetch(`${platform.url}/_control/constructor`);
    expect(unknown.status).toBe(404);
    expect((await jsonOf(unknown))['operations']).toContain('addAppeal');
    const broken = await fetch(`${platform.url}/_control/faults`, { method: 'POST', body: '{' });
    expect(broken.status).toBe(400);
  });
});

describe('in a process of its own', () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
    child = undefined;
  });

  async function launch(...args: string[]): Promise<{ url: string; gone: Promise<number | null> }> {
    const started = spawn(process.execPath, [MAIN, '--port', '0', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child = started;
    const gone = new Promise<number | null>((resolve) => started.on('exit', resolve));
    for await (const line of createInterface({ input: started.stdout })) {
      return { url: (JSON.parse(line) as { url: string }).url, gone };
    }
    throw new Error('it printed nothing');
  }

  it('fills itself for the bench: many appeals, each with a file of its own', async () => {
    const { url, gone } = await launch(
      '--seed-bench',
      '300',
      '--cabinets',
      '2',
      '--file-bytes',
      '51200',
      '--key-mode',
      'nokeys',
    );
    const remote = connectPlatform(url);
    const appeals = await remote.appeals('900002');
    expect(appeals).toHaveLength(300);
    const token = await jsonOf(
      await fetch(`${url}/auth-service/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'password',
          username: 'bench-2',
          password: 'bench-password-2',
        }),
      }),
    );
    const headers = { Authorization: `Bearer ${String(token['access_token'])}`, 'OPA-ID': '900002' };
    const contents = new Set<string>();
    for (const appeal of appeals.slice(0, 20)) {
      const file = await fetch(`${url}/inbox-service/filestorage/${appeal.attachments[0]?.fileId}`, {
        headers,
      });
      const text = await file.text();
      expect(text).toHaveLength(51_200);
      contents.add(text);
    }
    expect(contents.size).toBe(20);
    child?.kill('SIGTERM');
    expect(await gone).toBe(0);
  });

  it('stops when its stdin closes', async () => {
    const { url, gone } = await launch();
    expect((await fetch(url)).status).toBe(200);
    child?.stdin?.end();
    expect(await gone).toBe(0);
  });
});

describe('independence', () => {
  it('imports nothing but Node and its own files', () => {
    const folder = new URL('../../simulators/platform/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(20);
    for (const name of files) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      for (const [, from] of text.matchAll(/from '([^']+)'/g))
        expect(from).toMatch(/^(node:|\.\/[a-z-]+\.ts$)/);
    }
  });
});
