import { frame } from './frame.ts';
import { html } from './html.ts';
import type { Notice } from './notice.ts';
import type { Language } from './viewer.ts';
import { plural, speak, type Words } from './words.ts';

const WORDS = {
  ru: {
    title: 'Вход',
    login: 'Имя для входа',
    password: 'Пароль',
    enter: 'Войти',
    wrong: 'Имя или пароль неверны.',
    locked: 'Слишком много неверных попыток. Повторите через {wait}.',
    first:
      'Пользователей ещё нет. Первого администратора создаёт на сервере команда «posrednik user add ИМЯ --role admin»: она спросит пароль. Затем войдите здесь.',
    forgot: 'Забыли пароль? Новый задаст администратор, а ему самому — команда «posrednik user password».',
    other: 'English',
  },
  en: {
    title: 'Sign in',
    login: 'Login',
    password: 'Password',
    enter: 'Sign in',
    wrong: 'The login or the password is wrong.',
    locked: 'Too many wrong tries. Try again in {wait}.',
    first:
      'There are no users yet. The command «posrednik user add LOGIN --role admin», run on the server, makes the first administrator: it asks for a password. Then sign in here.',
    forgot:
      'Forgot the password? An administrator sets a new one; his own is set by the command «posrednik user password».',
    other: 'Русский',
  },
} satisfies Words<string>;

export interface SignInPage {
  readonly back: string;
  readonly lang: Language;
  readonly login?: string;
  readonly isWrong?: boolean;
  /** How long the login is locked, ms. */
  readonly waitMs?: number;
  /** There are no users yet. */
  readonly isFirst: boolean;
  readonly notice?: Notice;
}

/** The page of signing in; of why it did not work it says only what tells nobody who exists here. */
export function signInPage({ back, lang, login = '', isWrong, waitMs, isFirst, notice }: SignInPage): string {
  const say = speak(WORDS, lang);
  const locked = waitMs === undefined ? undefined : say('locked', { wait: waitWords(waitMs, lang) });
  const problem = locked ?? (isWrong === true ? say('wrong') : undefined);
  const other = lang === 'ru' ? 'en' : 'ru';
  const body = html`<form method="post" action="/sign-in" class="sign-in">
${problem === undefined ? undefined : html`<p class="notice bad" role="alert">${problem}</p>`}
${isFirst ? html`<p class="notice warn">${say('first')}</p>` : undefined}
<input type="hidden" name="back" value="${back}">
<input type="hidden" name="lang" value="${lang}">
<label>${say('login')} <input name="login" value="${login}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus></label>
<label>${say('password')} <input name="password" type="password" autocomplete="current-password" required></label>
<button>${say('enter')}</button>
${isFirst ? undefined : html`<p class="hint">${say('forgot')}</p>`}
<p class="hint"><a href="/sign-in?lang=${other}&amp;back=${encodeURIComponent(back)}" hreflang="${other}" lang="${other}">${say('other')}</a></p>
</form>`;
  return frame({ title: say('title'), body, lang, ...(notice === undefined ? {} : { notice }) });
}

function waitWords(ms: number, lang: Language): string {
  const minutes = Math.ceil(ms / 60_000);
  return lang === 'ru' ? plural(minutes, 'минуту', 'минуты', 'минут') : `${minutes} min`;
}
