import { readFile } from 'node:fs/promises';
import { ClerkError, requireText } from '../clerk/commands.ts';
import type { DeloCore } from '../simulator.ts';
import type { Card } from '../types.ts';
import { cardPage } from './card-page.ts';
import { type Form, fieldOf } from './form.ts';
import { download, html, type Reply, seeOther } from './http.ts';
import { listPage } from './list-page.ts';
import { STYLE } from './style.ts';

function cardOf(core: DeloCore, id: string): Card {
  const card = core.card(id);
  if (card === undefined) throw new ClerkError('Нет такой карточки', 404);
  return card;
}

async function cardFile(card: Card, index: string): Promise<Reply> {
  const file = card.files[Number(index)];
  if (file?.path === undefined) throw new ClerkError('Содержимое файла не хранится', 404);
  return download(file.name, await readFile(file.path));
}

function answerFile(card: Card, answerIndex: string, index: string): Reply {
  const file = card.answers[Number(answerIndex)]?.files[Number(index)];
  if (file === undefined) throw new ClerkError('Нет такого файла', 404);
  return download(file.name, file.content);
}

/** Answers a reader: the list, a card, a file of it. */
export async function pages(core: DeloCore, url: URL): Promise<Reply> {
  const [, what = '', id = '', part, first = '', second = ''] = url.pathname.split('/');
  if (what === '') return html(listPage(core, url));
  if (what === 'style.css') {
    return { status: 200, headers: { 'content-type': 'text/css; charset=utf-8' }, body: STYLE };
  }
  if (what !== 'cards') throw new ClerkError('Нет такой страницы', 404);
  const card = cardOf(core, id);
  if (part === 'files') return cardFile(card, first);
  if (part === 'answers') return answerFile(card, first, second);
  if (part !== undefined) throw new ClerkError('Нет такой страницы', 404);
  return html(cardPage(card, core.today(), core.organizations));
}

function personOf(form: Form, name: string, post: string) {
  const position = fieldOf(form, post);
  return {
    fio: requireText(fieldOf(form, name), name === 'signer' ? 'Подписал' : 'Исполнитель'),
    ...(position !== undefined && { post: position }),
  };
}

type Command = (core: DeloCore, cardId: string, form: Form) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  register: (core, cardId) => core.register(cardId),
  refuse(core, cardId, form) {
    const text = requireText(fieldOf(form, 'text'), 'Причина');
    core.refuse(cardId, { code: Number(fieldOf(form, 'code')) || 39, text });
  },
  resolve(core, cardId, form) {
    const term = fieldOf(form, 'term');
    core.resolve(cardId, {
      executor: personOf(form, 'executor', 'post'),
      text: fieldOf(form, 'text') ?? '',
      project: form.fields.has('project'),
      private: form.fields.has('private'),
      ...(term !== undefined && { term }),
    });
  },
  redirect(core, cardId, form) {
    const organization = fieldOf(form, 'organization') ?? '';
    core.redirect(cardId, { organization, type: fieldOf(form, 'type') ?? 'СЭВ' });
  },
  'move-term': (core, cardId, form) =>
    core.moveTerm(cardId, fieldOf(form, 'date') ?? '', fieldOf(form, 'reason')),
  answer(core, cardId, form) {
    const text = fieldOf(form, 'text');
    core.answer(cardId, {
      signer: personOf(form, 'signer', 'signerPost'),
      files: form.files,
      ...(text !== undefined && { text }),
    });
  },
};

/** Carries out a clerk's form and goes back to the card. */
export function clerkForm(core: DeloCore, path: string, form: Form): Reply {
  const [, what = '', id = '', command = ''] = path.split('/');
  if (what !== 'cards') throw new ClerkError('Нет такой страницы', 404);
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run === undefined) throw new ClerkError('Нет такой команды', 404);
  run(core, id, form);
  // A refused card is gone.
  return seeOther(core.card(id) === undefined ? '/' : `/cards/${id}`);
}
