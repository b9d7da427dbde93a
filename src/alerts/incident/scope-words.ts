import { cabinetNamed, readScope, type ScopeWorld } from './scope.ts';

const WORDS = {
  ru: {
    cabinet: 'Кабинет {name}',
    channel: 'Канал СЭД {name}',
    showcase: 'Витрина {name}',
    archive: 'Архив СЭД {name}',
    platform: 'Платформа',
    smtp: 'Почтовый сервер',
    settings: 'Настройки',
    registration: 'Создание карточек',
    in: 'входящая папка',
    cards: 'карточки',
    'not-taken': 'пакеты не забраны',
    'not-registered': 'карточки не зарегистрированы',
    code: 'отказ с кодом {code}',
  },
  en: {
    cabinet: 'Cabinet {name}',
    channel: 'СЭД channel {name}',
    showcase: 'Showcase {name}',
    archive: 'СЭД archive {name}',
    platform: 'Platform',
    smtp: 'Mail server',
    settings: 'Settings',
    registration: 'Making of cards',
    in: 'incoming folder',
    cards: 'cards',
    'not-taken': 'packages not taken away',
    'not-registered': 'cards not registered',
    code: 'refused with code {code}',
  },
} as const;

/** Where an incident is, for a person: «Кабинет Мэрия (city)», «Канал СЭД main: пакеты не забраны». */
export function scopeWords(scope: string, world: ScopeWorld, lang: 'ru' | 'en' = 'ru'): string {
  const say = WORDS[lang];
  const read = readScope(scope);
  const named = (cabinet: ScopeWorld['cabinets'][number] | undefined, otherwise: string) => {
    const { name, id = otherwise } = cabinet ?? {};
    return say.cabinet.replace('{name}', () => (name === undefined ? id : `${name} (${id})`));
  };
  switch (read.what) {
    case 'cabinet':
      return named(cabinetNamed(read.cabinet, world), read.cabinet);
    case 'opa':
      return named(
        world.cabinets.find(({ opaId }) => opaId === read.opaId),
        read.opaId,
      );
    case 'channel': {
      const channel = say.channel.replace('{name}', read.channel);
      const code = /^code-(.+)$/.exec(read.part)?.[1];
      const part = code === undefined ? partOf(say, read.part) : say.code.replace('{code}', code);
      return part === '' ? channel : `${channel}: ${part}`;
    }
    case 'showcase':
      return say.showcase.replace('{name}', read.showcase);
    case 'archive':
      return say.archive.replace('{name}', read.archive);
    case 'other':
      return read.scope;
    default:
      return say[read.what];
  }
}

function partOf(say: Readonly<Record<string, string>>, part: string): string {
  return part !== '' && Object.hasOwn(say, part) ? (say[part] ?? part) : part;
}
