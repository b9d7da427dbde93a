import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { endSessionsOf } from '../../users/sessions.ts';
import { changePassword, changeSettings } from '../../users/users.ts';
import type { PageRequest, PageRoute } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { accountPage } from './page.ts';
import { WORDS } from './words.ts';

/** A person's own settings: language, zone, password, places where he is signed in. */
export function accountRoutes({ db }: ConsoleDeps): PageRoute[] {
  const own = { role: 'viewer', section: 'account' } as const;
  return [
    { ...own, method: 'GET', path: '/account', handle: ({ viewer }) => accountPage(db, viewer) },
    {
      ...own,
      method: 'POST',
      path: '/account/settings',
      async handle({ viewer, form }: PageRequest) {
        const settings = { lang: form.text('lang'), timeZone: form.text('zone') };
        await changeSettings(db, viewer.id, settings);
        const lang = settings.lang === 'en' ? 'en' : 'ru';
        const notice = { tone: 'good', text: speak(WORDS, lang)('saved') } as const;
        return { goTo: '/account', notice };
      },
    },
    {
      ...own,
      method: 'POST',
      path: '/account/password',
      async handle({ viewer, form }: PageRequest) {
        const say = speak(WORDS, viewer.lang);
        const bad = (text: string) => ({ goTo: '/account', notice: { tone: 'bad', text } as const });
        const password = form.all('password')[0] ?? '';
        if (password !== (form.all('again')[0] ?? '')) return bad(say('differ'));
        const outcome = await changePassword(db, viewer, form.all('current')[0] ?? '', password);
        if (outcome === 'locked') return bad(say('locked'));
        const entry = { who: viewer.login, object: `user:${viewer.id}` };
        if (outcome === 'wrong') {
          await writeAudit(db, { ...entry, action: 'password-change-refused' });
          return bad(say('wrongCurrent'));
        }
        await writeAudit(db, { ...entry, action: 'password-changed' });
        return { goTo: '/sign-in', notice: { tone: 'good', text: say('passwordChanged') } };
      },
    },
    {
      ...own,
      method: 'POST',
      path: '/account/sign-out-everywhere',
      async handle({ viewer }: PageRequest) {
        const ended = await endSessionsOf(db, viewer.id);
        await writeAudit(db, {
          who: viewer.login,
          action: 'signed-out-everywhere',
          object: `user:${viewer.id}`,
          data: { ended },
        });
        const text = speak(WORDS, viewer.lang)('signedOut');
        return { goTo: '/sign-in', notice: { tone: 'good', text } };
      },
    },
  ];
}
