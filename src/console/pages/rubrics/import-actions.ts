import { Fault } from '../../../model/errors.ts';
import { fromPlatform } from '../../../rubrics/classifier-store.ts';
import { cleanName } from '../../../rubrics/names.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { kindOf, planImport, takeImport } from './import-plan.ts';
import { IMPORT_WORDS } from './import-words.ts';
import { dropFile, findFile, keepFile, type NewFile } from './kept-files.ts';
import type { RubricView } from './world.ts';

/** A spreadsheet is read whole in the daemon's own process, which has other work. */
const LARGEST = 8 * 1024 * 1024;

/** An uploaded file is read, so that one that cannot be is refused at once, and kept for the preview. */
export async function uploadAction(
  { db, dataSource }: ConsoleDeps,
  view: RubricView,
  { viewer, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(IMPORT_WORDS, viewer.lang);
  const file = form.file('file');
  if (file === undefined) throw new Fault('COMMAND_INVALID', { detail: say('noFile'), field: 'file' });
  if (file.content.length > LARGEST) throw new Fault('COMMAND_INVALID', { detail: say('tooLarge') });
  const edition = form.text('edition');
  if (edition !== '' && !/^\d{4}-\d{2}-\d{2}$/.test(edition)) {
    throw new Fault('COMMAND_INVALID', { detail: say('badEdition'), field: 'edition' });
  }
  const columns = form.text('columns').slice(0, 200) || null;
  const name = cleanName(file.name.split(/[\\/]/).at(-1) ?? '').slice(0, 200) || 'файл';
  const kept: NewFile = {
    who: viewer.login,
    name,
    kind: kindOf(file.content, name, form.text('kind'), columns),
    edition: edition === '' ? null : edition,
    columns,
    content: file.content,
  };
  await planImport(dataSource, view, kept);
  return { goTo: `/rubrics/import/${await keepFile(db, kept)}` };
}

/** The categories as the platform tells them are kept like a file. */
export async function platformAction(
  { db, platform, cabinets }: ConsoleDeps,
  { viewer, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(IMPORT_WORDS, viewer.lang);
  const refuse = (detail: string) => new Fault('COMMAND_INVALID', { detail });
  const cabinet = cabinets().find(({ id }) => id === form.text('cabinet'));
  if (cabinet === undefined) throw refuse(say('noCabinet'));
  const region = form.text('region') || cabinet.region;
  if (region === undefined || !/^[\w-]{1,20}$/.test(region)) throw refuse(say('noRegion'));
  const [row] = await db.query<{ state: string }>('SELECT state FROM cabinet WHERE opa_id = $1', [
    cabinet.opaId,
  ]);
  // Another log-in with a wrong password may lock the account for everybody.
  if (row?.state === 'blocked') throw refuse(say('blocked'));
  const categories = fromPlatform(await platform.readClassifier(cabinet.access, region));
  const id = await keepFile(db, {
    who: viewer.login,
    name: speak(IMPORT_WORDS, 'ru')('fromPlatformName', { region }),
    kind: 'platform',
    edition: null,
    columns: null,
    content: Buffer.from(JSON.stringify(categories)),
  });
  return { goTo: `/rubrics/import/${id}` };
}

/** Takes what the preview has shown, if all is as it was then. */
export async function takeAction(
  { db, dataSource }: ConsoleDeps,
  view: RubricView,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(IMPORT_WORDS, viewer.lang);
  const file = await findFile(db, params['id'] ?? '', viewer.login);
  if (file === undefined) return { goTo: '/rubrics/import', notice: { tone: 'bad', text: say('gone') } };
  if (form.text('mark') !== view.mark) {
    return { goTo: `/rubrics/import/${file.id}`, notice: { tone: 'bad', text: say('moved2') } };
  }
  const by = { who: viewer.login, why: reasonOf(form) };
  const version = await takeImport(dataSource, view, file, { ...by, force: form.text('force') === '1' });
  const data = { kind: file.kind, sha256: file.sha256, version: version ?? null };
  await writeAudit(db, { ...by, action: 'classifier-imported', object: `import:${file.id}`, data });
  await dropFile(db, file.id);
  if (version === undefined) return { goTo: '/rubrics', notice: { tone: 'good', text: say('taken') } };
  const text = say('takenVersion', { version });
  return { goTo: `/rubrics/versions/${version}`, notice: { tone: 'good', text } };
}

export async function dropAction({ db }: ConsoleDeps, { viewer, params }: PageRequest): Promise<PageAnswer> {
  const say = speak(IMPORT_WORDS, viewer.lang);
  const file = await findFile(db, params['id'] ?? '', viewer.login);
  if (file !== undefined) await dropFile(db, file.id);
  return { goTo: '/rubrics/import', notice: { tone: 'good', text: say('dropped') } };
}
