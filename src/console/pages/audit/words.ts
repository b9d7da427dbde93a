import type { Words } from '../../web/words.ts';

export const WORDS = {
  ru: {
    title: 'Действия',
    at: 'Когда',
    who: 'Кто',
    action: 'Что',
    object: 'С чем',
    why: 'Почему',
    data: 'Подробности',
    any: 'любое',
    show: 'Показать',
    all: 'Всё',
    newest: 'К новым',
    older: 'Раньше',
    empty: 'Здесь появится, кто входил, какие обращения смотрел и что менял.',
  },
  en: {
    title: 'Audit',
    at: 'When',
    who: 'Who',
    action: 'What',
    object: 'To what',
    why: 'Why',
    data: 'Details',
    any: 'any',
    show: 'Show',
    all: 'All',
    newest: 'To the newest',
    older: 'Earlier',
    empty: 'Who signed in, which appeals were looked at and what was changed will appear here.',
  },
} satisfies Words<string>;
