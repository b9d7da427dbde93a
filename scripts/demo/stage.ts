import { join, resolve } from 'node:path';
import type { ArchiveSimulator } from '../../tests/simulators/delo/archive/index.ts';
import { type DeloSimulator, startDelo } from '../../tests/simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../../tests/simulators/platform/index.ts';
import { type SmtpSimulator, startSmtp } from '../../tests/simulators/smtp/index.ts';
import { type Administrator, makeAdministrator, sendDigest } from './administrator.ts';
import { readAppeals, sendAppeals } from './appeals.ts';
import { type Board, openBoard } from './board.ts';
import { createDemoClerk } from './clerk.ts';
import { type DemoDaemon, runDaemon } from './daemon.ts';
import { FORWARD_TARGET, writeMappings } from './mappings.ts';
import { readReplies } from './replies.ts';
import { makeAccess, newPassword, writeSettings } from './settings.ts';
import { askShowcase, publishedCategories, startDemoArchive } from './showcase.ts';
import type { Wishes } from './signals.ts';
import type { TellerSight } from './teller.ts';
import { openWorkplace } from './workplace.ts';

/** What is to be set up: how it is watched, and whether anything is to be left afterwards. */
export interface StageOptions {
  /** The clerk answers everything; else every second appeal is left to the one who watches. */
  readonly once?: boolean;
  /** Folder in which channels, taken packages and logs are left. */
  readonly keep?: string;
}

/** A demo that runs: what surrounds the daemon, and what is to be seen of it. */
export interface Stage {
  readonly daemon: DemoDaemon;
  readonly platform: PlatformSimulator;
  readonly delo: DeloSimulator;
  readonly archive: ArchiveSimulator;
  readonly mail: SmtpSimulator;
  readonly administrator: Administrator;
  /** The daemon's settings; secrets lie beside them. */
  readonly configPath: string;
  readonly stateDir: string;
  /** The daemon's log while it runs. */
  readonly logFile: string;
  /** Where the log is to be found afterwards. */
  readonly logHint: string;
  look(): Promise<TellerSight | undefined>;
  /** What broke the format, by ДЕЛО's own check. */
  complaints(): readonly string[];
}

/** Registered a little later than received, as in life, so that both can be seen. */
const REGISTER_MS = 250;
/** So many calls of the daemon are cut when the platform has already taken them, each after so many others. */
const CUTS = [
  { route: 'statuses', kind: 'cut-after', times: 3, skip: 20 },
  { route: 'answers', kind: 'cut-after', times: 2, skip: 10 },
] as const;

/**
 * Starts everything that the demo needs. What is to be undone is put into `undo` as it comes to be, so that a start
 * that fails half-way can be undone too. Throws DemoError, or the wish to leave.
 */
export async function openStage(
  options: StageOptions,
  wishes: Pick<Wishes, 'leave' | 'hurry'>,
  undo: (() => Promise<unknown>)[],
  say: (line: string) => void,
): Promise<Stage> {
  say('готовлю демонстрацию: учебные платформа, ДЕЛО и почта, посредник со встроенной базой…');
  const cabinets = await readAppeals();
  const channelIds = [...new Set(cabinets.map(({ cabinet }) => cabinet.channel))];
  const workplace = await openWorkplace(channelIds, options.keep);
  undo.push(async () => {
    await workplace.remove();
    if (options.keep !== undefined) say(`пакеты и журналы оставлены в ${resolve(options.keep)}`);
  });
  const { channels, takenDir, logFile, stateDir } = workplace;
  const platform = await startPlatform({ showcaseCategories: await publishedCategories() });
  undo.push(() => platform.close());
  const access = makeAccess(cabinets);
  for (const { id: _id, ...cabinet } of access) platform.addCabinet(cabinet);
  sendAppeals(platform, cabinets, new Date());
  const mailLogin = { user: 'posrednik', password: newPassword() };
  const mail = await startSmtp({ login: mailLogin });
  undo.push(() => mail.close());
  for (const cut of CUTS) platform.fault(cut);
  const delo = await startDelo({
    channels,
    organizations: [FORWARD_TARGET],
    behaviour: { registerDelayMs: REGISTER_MS },
    ...(takenDir === undefined ? {} : { takenDir }),
  });
  undo.push(() => delo.stop());
  const archive = await startDemoArchive();
  undo.push(() => archive.simulator.close());
  const configPath = await writeSettings({
    folder: workplace.settingsDir,
    stateDir,
    mappingsDir: await writeMappings(join(workplace.settingsDir, 'mappings')),
    platformUrl: platform.url,
    mail: { host: mail.host, port: mail.port },
    mailLogin,
    channels,
    cabinets,
    access,
    archive: {
      url: archive.simulator.url,
      user: archive.simulator.user,
      password: archive.password,
      cardfiles: archive.simulator.cardfiles,
    },
  });
  wishes.leave.throwIfAborted();
  const daemon = await runDaemon(configPath, logFile, wishes.hurry);
  undo.push(() => daemon.stop());
  wishes.leave.throwIfAborted();
  const posIds = platform.appeals().map(({ posId }) => String(posId));
  // To watch, every second answer is left to the one who watches.
  const toAnswer = new Set(posIds.filter((_posId, index) => options.once || index % 2 === 0));
  const clerk = createDemoClerk(delo, posIds, toAnswer);
  const board: Board = await openBoard(stateDir);
  undo.push(() => board.close());
  const [administrator] = await Promise.all([
    makeAdministrator(configPath, workplace.settingsDir),
    askShowcase(configPath),
    sendDigest(configPath),
  ]);
  say('всё запущено:');
  say(`  платформа, страницы заявителя и кабинета   ${platform.url}/`);
  say(`  ДЕЛО, страницы делопроизводителя           ${delo.url}/`);
  say(`  посредник, консоль                         ${daemon.url}/`);
  say(`    вход: ${administrator.login}, пароль: ${administrator.password}`);
  say(`  посредник, показатели                      ${daemon.url}/metrics`);
  say(`  витрина на платформе                       ${platform.url}/showcase`);
  say(`  почта, пойманные письма                    ${mail.url}/api/mails`);
  say(`  журнал посредника                          ${logFile}`);
  say(`  команды: npm run posrednik -- --config ${configPath} --help`);
  return {
    daemon,
    platform,
    delo,
    archive: archive.simulator,
    mail,
    administrator,
    configPath,
    stateDir,
    logFile,
    logHint:
      options.keep === undefined
        ? 'Чтобы журнал остался, повторите с --keep ПАПКА.'
        : `Журнал посредника: ${logFile}`,
    async look() {
      const state = await board.look();
      if (state === undefined) return undefined;
      const cards = delo.cards();
      const replies = readReplies(platform);
      const resolutions = clerk.work(cards, replies);
      if (resolutions > 0) say(`делопроизводитель наложил резолюции: ${resolutions}`);
      return { appeals: platform.appeals(), cards, board: state, mails: mail.mails(), replies, toAnswer };
    },
    complaints: () => delo.complaints.map(({ messageDir, text }) => `${messageDir}: ${text}`),
  };
}
