import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type AppealInput, type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Posrednik, runPosrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand, type StandCabinet } from '../support/stand.ts';

const LONG = 400_000;
const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url));
/** In every value that a person could have written, and in every secret. */
const MARK = /МАРКЕР|mrkr/i;

/** An appeal whose every text is marked. */
function marked(posId: number, more: AppealInput = {}): AppealInput {
  return {
    posId,
    description: `МАРКЕР-текст: прошу помочь, "МАРКЕР" <mrkr> & '${posId}' ]]> \u{1F600}`,
    applicant: {
      kind: 'PERSON',
      epguId: 'mrkr-epgu',
      surname: 'МАРКЕР-Фамилия',
      name: 'МАРКЕР-Имя',
      patronymic: 'МАРКЕР-Отчество',
      email: 'mrkr@example.test',
      phone: '+7 900 mrkr 00',
    },
    location: { address: 'ул. МАРКЕР-Адрес, д. 1', latitude: 55.1, longitude: 37.2 },
    customFieldValues: [
      { customFieldId: 'cf1', name: 'МАРКЕР-поле', fieldType: 'TEXT', value: 'МАРКЕР-значение' },
      { customFieldId: 'cf2', name: 'Число', fieldType: 'TEXT', value: 'МАРКЕР-не-число' },
    ],
    ...more,
  };
}

describe('personal data and secrets stay out of logs, metrics and details', () => {
  let platform: PlatformSimulator;
  let stand: Stand;
  let delo: DeloSimulator;
  let database: TestDatabase;
  let daemon: Posrednik;
  let url: string;
  const outputs: string[] = [];
  const metrics: string[] = [];

  const cabinet = (index: number): StandCabinet => {
    const found = stand.cabinets[index];
    if (found === undefined) throw new Error('no such cabinet');
    return found;
  };
  const query = async (sql: string): Promise<Record<string, unknown>[]> =>
    await database.dataSource.query(sql);
  async function count(sql: string): Promise<number> {
    const [row] = await query(`SELECT count(*)::int AS n FROM ${sql}`);
    return Number(row?.['n']);
  }

  /** The one requisite that takes numbers only: a marked text cannot be written into it. */
  async function strictMappings(): Promise<string> {
    const folder = join(stand.dir, 'mappings');
    await cp(MAPPINGS, folder, { recursive: true });
    const card = await readFile(join(folder, 'card.yaml'), 'utf8');
    const override = [
      'overrides:',
      `  - when: { opaId: ['${cabinet(2).opaId}'] }`,
      '    additionalFields:',
      '      - { name: Сумма, type: Decimal, customField: Число }',
      '',
    ];
    const strict = card.replace('overrides: []', override.join('\n'));
    expect(strict).not.toBe(card);
    await writeFile(join(folder, 'card.yaml'), strict);
    return folder;
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform();
    stand = await makeStand({
      platformUrl: platform.url,
      cabinets: 4,
      channels: 2,
      config: {
        sed: { sweepInterval: '300ms', quarantineAfter: '1s' },
        retry: { base: '100ms', factor: 2, cap: '500ms', window: '3s' },
        registration: { waitForFiles: '4s' },
        files: { maxBytes: '1MB', idleTimeout: '2s', timeout: '20s' },
        platform: { baseUrl: platform.url, timeout: '3s' },
        log: { level: 'trace' },
      },
    });
    for (const each of stand.cabinets) {
      const password = `mrkr-пароль-${each.id}`;
      platform.addCabinet({ ...each, password });
      await stand.setPassword(each.id, password);
    }
    // ДЕЛО serves the first channel; the second is for what goes wrong with folders.
    delo = await startDelo({ channels: stand.channels.slice(0, 1), keepFiles: false });
    daemon = startPosrednik(['run', '--config', stand.configPath], {
      env: { DATABASE_URL: database.url, POSREDNIK_MAPPINGSDIR: await strictMappings() },
    });
    url = String((await daemon.logged('daemon started'))['url']);
  }, LONG);
  afterAll(async () => {
    daemon.process.kill('SIGKILL');
    await daemon.exited;
    await delo.stop();
    await platform.close();
    await database.drop();
    await stand.remove();
  });

  it(
    'good ways and failing ones are gone, each to its end',
    async () => {
      await goodWays();
      await brokenItems();
      await brokenFiles();
      await platformTroubles();
      await refusalsOfDelo();
      await badMessages();
      await unwritableFolder();
      await wrongPassword();
      await commands();
      metrics.push(await (await fetch(`${url}/metrics`)).text());
      daemon.process.kill('SIGTERM');
      expect((await daemon.exited).code).toBe(0);
      outputs.push(...daemon.stdout, ...daemon.stderr);
    },
    LONG,
  );

  async function goodWays(): Promise<void> {
    const { opaId } = cabinet(0);
    const files = [{ name: 'mrkr МАРКЕР-фото.jpg', content: 'снимок', mimeType: 'image/jpeg' }];
    platform.addAppeal(opaId, marked(651_001, { files }));
    platform.addAppeal(
      opaId,
      marked(651_002, {
        applicant: {
          kind: 'LEGAL',
          organization: { name: 'ООО «МАРКЕР»', inn: '7700000000' },
        },
        location: 'МАРКЕР-место строкой',
        repeatOf: 651_001,
      }),
    );
    await eventually('both cards', () => delo.counters.registered >= 2, LONG);
    platform.change(opaId, 651_001, 'AMENDED', { description: 'МАРКЕР-новый текст' });
    platform.change(opaId, 651_002, 'WITHDRAWN', { withdrawnReason: 'МАРКЕР-причина' });
    await eventually('both additions', () => delo.counters.additions >= 2, LONG);
    const fields = delo.cards().map((card) => JSON.stringify(card));
    // The marks did go where they belong: the test would prove nothing if they had been lost on the way.
    for (const text of fields) expect(text).toMatch(MARK);
  }

  async function brokenItems(): Promise<void> {
    const { opaId } = cabinet(0);
    const raw = (fields: Record<string, unknown>) => platform.addRawItem(opaId, fields);
    raw({ posId: 652_001, changeId: '900001', applicant: 'МАРКЕР-строкой', description: { text: 'МАРКЕР' } });
    raw({ posId: 652_002, changeId: '900002', createdAt: 'МАРКЕР-время', location: { latitude: 'МАРКЕР' } });
    raw({
      posId: 652_003,
      attachments: [{ name: 'МАРКЕР.jpg', size: 'mrkr' }],
      МАРКЕР: { mrkr: ['МАРКЕР'] },
    });
    raw({ applicant: { surname: 'МАРКЕР' }, description: 'МАРКЕР без номера' });
    raw({ posId: 'МАРКЕР', description: 'МАРКЕР' });
    platform.addRawItem(opaId, '"МАРКЕР"');
    platform.addRawItem(
      opaId,
      JSON.stringify(marked(652_004, { status: 'MODERATION_ACCEPT', description: 'МАРКЕР \u0000 \ud800' })),
    );
    await eventually('named ones', async () => (await count(`appeal WHERE stage = 'attention'`)) >= 3, LONG);
    await eventually('nameless ones', async () => (await count('unread_item')) >= 3, LONG);
  }

  async function brokenFiles(): Promise<void> {
    const { opaId } = cabinet(0);
    const attachment = (fileId: string, name: string, size: number) => ({
      fileId,
      name,
      size,
      mimeType: 'image/jpeg',
    });
    const attachments = [
      attachment('missing-file', 'МАРКЕР-пропал.jpg', 100),
      attachment('huge-file', 'МАРКЕР-велик.jpg', 50_000_000),
      attachment('forbidden', 'МАРКЕР.mrkrova', 10),
      attachment('strange', '../../../МАРКЕР/mrkr.МАРКЕР', 10),
      attachment('../../mrkr-МАРКЕР', 'МАРКЕР-путь.jpg', 10),
    ];
    platform.addAppeal(opaId, marked(653_001, { attachments }));
    const damaged = [{ name: 'МАРКЕР-порча.jpg', content: 'снимок'.repeat(50), sha256: true }];
    platform.fault({ route: 'file', kind: 'wrong-bytes', times: 2 });
    platform.fault({ route: 'file', kind: 'truncate', times: 1, bytes: 5 });
    platform.addAppeal(opaId, marked(653_002, { files: damaged }));
    await eventually('both go', () => delo.counters.registered >= 4, LONG);
    platform.clearFaults();
    expect(await count(`attachment WHERE state = 'refused'`)).toBeGreaterThanOrEqual(3);
  }

  async function platformTroubles(): Promise<void> {
    const { opaId } = cabinet(1);
    const body = JSON.stringify({
      error: 'МАРКЕР',
      error_description: 'mrkr МАРКЕР',
      details: [{ field: 'МАРКЕР' }],
    });
    const faults = [
      { route: 'feed', kind: 'bad-json', opaId, times: 2 },
      { route: 'feed', kind: 'status', status: 500, body, opaId, times: 2 },
      { route: 'feed', kind: 'status', status: 422, body, opaId, times: 1 },
      { route: 'feed', kind: 'status', status: 403, body, opaId, times: 1 },
      { route: 'feed', kind: 'cut-before', opaId, times: 1 },
      { route: 'feed', kind: 'hang', opaId, times: 1 },
    ] as const;
    for (const fault of faults) platform.fault(fault);
    await eventually(
      'it is blocked by the 403',
      async () => (await count(`cabinet WHERE state = 'blocked'`)) > 0,
      LONG,
    );
    const warned = () => daemon.log().filter((line) => line['msg'] === 'feed not read').length;
    expect(warned()).toBeGreaterThan(0);
    platform.clearFaults();
  }

  async function refusalsOfDelo(): Promise<void> {
    delo.behaveNext(1, { refuse: { code: 31, text: 'Отказ: МАРКЕР-Фамилия "mrkr" не найдена' } });
    platform.addAppeal(cabinet(0).opaId, marked(654_001));
    await eventually(
      'it is refused',
      async () => (await count(`card WHERE error_code = 'SED_REFUSED'`)) > 0,
      LONG,
    );
    platform.addAppeal(cabinet(2).opaId, marked(654_002));
    await eventually(
      'it does not fit its requisite',
      async () => (await count(`card WHERE error_code = 'CARD_MAPPING_INVALID'`)) > 0,
      LONG,
    );
  }

  async function badMessages(): Promise<void> {
    const folder = stand.channels[0]?.in ?? '';
    const envelope = (dir: string) =>
      `<?xml version="1.0" encoding="utf-8"?><Envelop><Address>МАРКЕР</Address><MessageDir>${dir}</MessageDir></Envelop>`;
    const report = (inner: string) =>
      `<?xml version="1.0" encoding="utf-8"?><Report xmlns="http://www.eos.ru/2010/sev">${inner}</Report>`;
    const messages: [string, string, string][] = [
      ['МАРКЕР-папка mrkr', 'Report.xml', '<Report>МАРКЕР не закрыт'],
      ['0a0b0c01', 'Report.xml', report('<Header MessageID="МАРКЕР-номер" ReturnID="mrkr"/>МАРКЕР')],
      ['0a0b0c02', 'Report.xml', `<!DOCTYPE Report [<!ENTITY mrkr "МАРКЕР">]>${report('&mrkr;')}`],
      ['0a0b0c03', 'МАРКЕР.txt', 'МАРКЕР вместо XML'],
      [
        '0a0b0c04',
        'DocInfo.xml',
        report(
          '<Header MessageID="mrkr"><ResourceList><Resource UniqueName="../МАРКЕР.pdf"/></ResourceList></Header>',
        ),
      ],
      [
        '0a0b0c05',
        'Report.xml',
        report(
          '<Header MessageID="МАРКЕР-чужое" ReturnID="МАРКЕР"/><Notification><InitialDoc UID="МАРКЕР"/><Failure Code="МАРКЕР">МАРКЕР mrkr</Failure></Notification>',
        ),
      ],
    ];
    for (const [dir, name, text] of messages) {
      await mkdir(join(folder, dir));
      await writeFile(join(folder, dir, name), text);
      await writeFile(join(folder, `${dir}.env.part`), envelope(dir));
      await rename(join(folder, `${dir}.env.part`), join(folder, `${dir}.env`));
    }
    delo.sendNonsense('delo-1', 'truncated');
    await eventually(
      'set aside',
      async () => (await count('quarantine WHERE settled_at IS NULL')) >= 5,
      LONG,
    );
    await eventually(
      'the foreign one is stored',
      async () => (await count('sed_message WHERE orphan')) > 0,
      LONG,
    );
  }

  async function unwritableFolder(): Promise<void> {
    const [, channel] = stand.channels;
    const out = channel?.out ?? '';
    await rename(out, `${out}-away`);
    await writeFile(out, 'a file in its place');
    const files = [{ name: 'МАРКЕР-документ.pdf', content: 'текст' }];
    platform.addAppeal(cabinet(3).opaId, marked(655_001, { files }));
    await eventually(
      'it is not written',
      () => daemon.log().some((line) => line['msg'] === 'card not written, will be repeated'),
      LONG,
    );
  }

  async function wrongPassword(): Promise<void> {
    const { opaId, id } = cabinet(0);
    platform.setPassword(opaId, 'mrkr-другой-МАРКЕР');
    platform.revokeTokens(opaId);
    const wrong = async () =>
      (await count(`incident WHERE code = 'PLATFORM_CREDENTIALS_WRONG' AND closed_at IS NULL`)) > 0;
    await eventually('the wrong password is told', wrong, LONG);
    await stand.setPassword(id, 'mrkr-третий-МАРКЕР');
    daemon.process.kill('SIGHUP');
    await eventually(
      'read again',
      () => daemon.log().some((line) => line['msg'] === 'settings read again'),
      LONG,
    );
    expect(await wrong()).toBe(true);
  }

  async function commands(): Promise<void> {
    const env = { DATABASE_URL: database.url };
    for (const args of [['check'], ['check', '--json'], ['appeals', 'resend', '654001']]) {
      const { stdout, stderr } = await runPosrednik(['--config', stand.configPath, ...args], { env });
      outputs.push(stdout, stderr);
    }
  }

  it('no mark is in any line that was written, nor in the metrics', () => {
    expect(outputs.join('\n').length).toBeGreaterThan(10_000);
    expect([...outputs, ...metrics].filter((line) => MARK.test(line))).toEqual([]);
  });

  it('no mark is in the details of incidents, quarantine and journal', async () => {
    const rows = [
      ...(await query(`SELECT code, scope, detail FROM incident`)),
      ...(await query('SELECT code, detail FROM quarantine')),
      ...(await query('SELECT event, code, data::text AS data FROM journal')),
      ...(await query('SELECT name, state_code, state_detail FROM cabinet')),
      ...(await query('SELECT error_code, error_detail FROM attachment')),
      ...(await query('SELECT issues FROM unread_item')),
      ...(await query(`SELECT error_code, error_detail FROM appeal`)),
    ];
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter((row) => MARK.test(JSON.stringify(row)))).toEqual([]);
    expect(await count('incident')).toBeGreaterThanOrEqual(6);
  });

  it('every line of the daemon is JSON with time, level and a static text', () => {
    expect(daemon.stderr).toEqual([]);
    const lines = daemon.log();
    for (const line of lines) {
      expect(typeof line['level']).toBe('number');
      expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
      expect(typeof line['msg']).toBe('string');
      // An error is code, place and bare text: nothing hung on it by a client comes along.
      const error = line['err'] as Record<string, unknown> | undefined;
      const known = ['name', 'message', 'stack', 'code', 'cause'];
      expect(Object.keys(error ?? {}).filter((key) => !known.includes(key))).toEqual([]);
    }
    const texts = [...new Set(lines.map((line) => String(line['msg'])))];
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) {
      expect(text).toMatch(/^[a-zа-яёА-ЯЁ][a-zа-яёА-ЯЁ ,()-]*$/);
      expect(text).not.toMatch(/lko|delo|posrednik-|65[0-9]{4}/);
    }
    expect(lines.filter((line) => Number(line['level']) === 60)).toEqual([]);
  });
});
