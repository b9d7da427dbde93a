import { Fault } from '../../../model/errors.ts';
import type { Queryable } from '../../../store/data-source.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { randomPassword } from '../../users/password.ts';
import { endSessionsOf } from '../../users/sessions.ts';
import { forgetTries } from '../../users/tries.ts';
import { addUser, type ConsoleUser, changeUser, listUsers, setPassword } from '../../users/users.ts';
import type { PageAnswer, PageRequest, PageRoute } from '../../web/page.ts';
import { ROLES, type Role } from '../../web/viewer.ts';
import { speak } from '../../web/words.ts';
import { newPasswordPage, usersPage } from './page.ts';
import { addTokenAction, revokeTokenAction } from './tokens-actions.ts';
import { tokensPage } from './tokens-page.ts';
import { WORDS } from './words.ts';

const ADMIN = { role: 'admin', section: 'users' } as const;

/** Who may sign in, and which programs may call: for administrators. */
export function usersRoutes({ db }: ConsoleDeps): PageRoute[] {
  return [
    { ...ADMIN, method: 'GET', path: '/users', handle: ({ viewer }) => usersPage(db, viewer) },
    { ...ADMIN, method: 'POST', path: '/users', handle: (request) => add(db, request) },
    { ...ADMIN, method: 'GET', path: '/users/tokens', handle: ({ viewer }) => tokensPage(db, viewer) },
    { ...ADMIN, method: 'POST', path: '/users/tokens', handle: (request) => addTokenAction(db, request) },
    {
      ...ADMIN,
      method: 'POST',
      path: '/users/tokens/revoke',
      handle: (request) => revokeTokenAction(db, request),
    },
    change(db, 'role', async (user, { form }) => {
      const role = roleOf(form.text('role'));
      await changeUser(db, user.id, { role });
      return { action: 'user-role-changed', data: { role } };
    }),
    change(db, 'disable', async (user) => {
      await changeUser(db, user.id, { disabled: true });
      return { action: 'user-disabled' };
    }),
    change(db, 'enable', async (user) => {
      await changeUser(db, user.id, { disabled: false });
      return { action: 'user-enabled' };
    }),
    change(db, 'unlock', async (user) => {
      await forgetTries(db, user.login);
      return { action: 'user-unlocked' };
    }),
    change(db, 'sign-out', async (user) => {
      const ended = await endSessionsOf(db, user.id);
      return { action: 'user-signed-out', data: { ended } };
    }),
    { ...ADMIN, method: 'POST', path: '/users/:id/password', handle: (request) => renew(db, request) },
  ];
}

/** The new user's password is made here and shown once: nobody chooses another's. */
async function add(db: Queryable, { viewer, form }: PageRequest): Promise<PageAnswer> {
  const isByHeader = form.text('by') === 'header';
  const password = isByHeader ? undefined : randomPassword();
  const user = { login: form.text('login'), name: form.text('name'), role: roleOf(form.text('role')) };
  const id = await addUser(db, { ...user, ...(password === undefined ? {} : { password }) });
  await writeAudit(db, {
    who: viewer.login,
    action: 'user-added',
    object: `user:${id}`,
    data: { role: user.role, by: isByHeader ? 'header' : 'password' },
  });
  if (password !== undefined) return newPasswordPage(viewer, user.login, password);
  const text = speak(WORDS, viewer.lang)('added', { login: user.login });
  return { goTo: '/users', notice: { tone: 'good', text } };
}

async function renew(db: Queryable, { viewer, params }: PageRequest): Promise<PageAnswer> {
  const user = await find(db, params['id']);
  const password = randomPassword();
  await setPassword(db, user.id, password);
  await writeAudit(db, { who: viewer.login, action: 'password-renewed', object: `user:${user.id}` });
  return newPasswordPage(viewer, user.login, password);
}

interface Done {
  readonly action: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A form that does one thing to one user; what was done is written and told. */
function change(
  db: Queryable,
  what: string,
  act: (user: ConsoleUser, request: PageRequest) => Promise<Done>,
): PageRoute {
  return {
    ...ADMIN,
    method: 'POST',
    path: `/users/:id/${what}`,
    async handle(request) {
      const { viewer, params } = request;
      const user = await find(db, params['id']);
      const done = await act(user, request);
      await writeAudit(db, { who: viewer.login, object: `user:${user.id}`, ...done });
      const text = speak(WORDS, viewer.lang)('done', { login: user.login });
      return { goTo: '/users', notice: { tone: 'good', text } };
    },
  };
}

async function find(db: Queryable, id: string | undefined): Promise<ConsoleUser> {
  const user = (await listUsers(db)).find((candidate) => candidate.id === id);
  if (user === undefined) throw new Fault('COMMAND_INVALID', { detail: 'такого пользователя нет' });
  return user;
}

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role === undefined) throw new Fault('COMMAND_INVALID', { detail: 'такой роли нет' });
  return role;
}
