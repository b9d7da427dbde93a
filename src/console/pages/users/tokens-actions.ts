import { DateTime } from 'luxon';
import { Fault } from '../../../model/errors.ts';
import type { Queryable } from '../../../store/data-source.ts';
import { writeAudit } from '../../users/audit.ts';
import { addToken, revokeToken } from '../../users/tokens.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import type { Role } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { TOKEN_WORDS } from './token-words.ts';
import { newTokenPage } from './tokens-page.ts';

/** Makes a token, as the command `token add` does; its secret is shown on the answer and nowhere else. */
export async function addTokenAction(db: Queryable, { viewer, form }: PageRequest): Promise<PageAnswer> {
  const name = form.text('name');
  const scopes = form.all('scope');
  // An unknown role is refused where it is stored.
  const role = form.text('role') as Role;
  const expires = expiryOf(form.text('expires'), viewer.timeZone);
  const secret = await addToken(db, {
    name,
    role,
    scopes,
    createdBy: viewer.login,
    ...(expires === undefined ? {} : { expiresAt: expires }),
  });
  await writeAudit(db, {
    who: viewer.login,
    action: 'token-added',
    object: `token:${name}`,
    data: { role, scopes, ...(expires === undefined ? {} : { expires: expires.toISOString() }) },
  });
  return newTokenPage(viewer, name, secret);
}

/** The end of the day, in the viewer's zone; undefined: for ever. @throws Fault COMMAND_INVALID */
function expiryOf(text: string, zone: string): Date | undefined {
  if (text === '') return undefined;
  const day = DateTime.fromISO(text, { zone });
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && day.isValid) return day.endOf('day').toJSDate();
  throw new Fault('COMMAND_INVALID', { detail: 'день пишется как 2026-12-31', field: 'expires' });
}

/** Revokes a token at once. */
export async function revokeTokenAction(db: Queryable, { viewer, form }: PageRequest): Promise<PageAnswer> {
  const say = speak(TOKEN_WORDS, viewer.lang);
  const name = form.text('name');
  const goTo = '/users/tokens';
  if (!(await revokeToken(db, name))) return { goTo, notice: { tone: 'bad', text: say('gone', { name }) } };
  await writeAudit(db, { who: viewer.login, action: 'token-revoked', object: `token:${name}` });
  return { goTo, notice: { tone: 'good', text: say('revokedNotice', { name }) } };
}
