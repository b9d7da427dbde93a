import { z } from 'zod';
import { ANSWER_ORDERS, ClerkError } from '../clerk/commands.ts';
import type { DeloCore } from '../simulator.ts';
import { type Answer, type Card, NONSENSE_KINDS } from '../types.ts';
import { json, type Reply } from './http.ts';

/** The control interface: JSON in, JSON out. What another process may tell and ask this ДЕЛО. */

const share = z.number().min(0).max(1);
const behaviourSchema = z.strictObject({
  silent: z.boolean().exactOptional(),
  refuse: z
    .union([
      z.literal(false),
      z.strictObject({
        code: z.int().exactOptional(),
        text: z.string().exactOptional(),
        share: share.exactOptional(),
      }),
    ])
    .exactOptional(),
  takeDelayMs: z.number().min(0).exactOptional(),
  registerDelayMs: z.number().min(0).exactOptional(),
  registration: z.enum(['auto', 'command']).exactOptional(),
  twice: share.exactOptional(),
  reorder: share.exactOptional(),
  nonsense: share.exactOptional(),
  nonsenseKinds: z.array(z.enum(NONSENSE_KINDS)).min(1).exactOptional(),
  noEnvelope: z.boolean().exactOptional(),
  missingFile: z.boolean().exactOptional(),
});

const text = z.string().exactOptional();
const person = z.union([
  z.string(),
  z.strictObject({ fio: z.string(), post: text, organization: text, uid: text }),
]);
const schemas = {
  behaviour: z.strictObject({
    channel: text,
    next: z.int().min(1).exactOptional(),
    behaviour: behaviourSchema,
  }),
  nonsense: z.strictObject({ channel: z.string(), kind: z.enum(NONSENSE_KINDS) }),
  refuse: z.strictObject({ code: z.int().exactOptional(), text }),
  resolve: z.strictObject({
    executor: person,
    text: z.string(),
    term: text,
    author: person.exactOptional(),
    coExecutors: z.array(person).exactOptional(),
    project: z.boolean().exactOptional(),
    private: z.boolean().exactOptional(),
    parent: text,
  }),
  redirect: z.strictObject({ organization: z.string(), organizationUid: text, type: text }),
  moveTerm: z.strictObject({ date: z.string(), reason: text }),
  report: z.strictObject({ text: z.string(), executor: text }),
  answer: z.strictObject({
    text,
    note: text,
    files: z.array(z.strictObject({ name: z.string(), base64: z.base64() })).exactOptional(),
    signer: person.exactOptional(),
    number: text,
    date: text,
    group: text,
    access: text,
    linkType: text,
    fields: z.record(z.string(), z.string()).exactOptional(),
    alsoTo: z.array(z.string()).exactOptional(),
    order: z.enum(ANSWER_ORDERS).exactOptional(),
  }),
  sendAnswer: z.strictObject({ what: z.enum(['document', 'report']) }),
};

function read<T>(schema: z.ZodType<T>, body: Buffer): T {
  const parsed = schema.safeParse(body.length === 0 ? {} : JSON.parse(body.toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new ClerkError(z.prettifyError(parsed.error));
}

function plainAnswer(answer: Answer) {
  const files = answer.files.map(({ name, content }) => ({ name, size: content.length }));
  return { ...answer, files };
}

/** A card without the bytes of its answers' files. */
function plainCard(card: Card) {
  return { ...card, answers: card.answers.map(plainAnswer) };
}

function cardCommand(core: DeloCore, cardId: string, command: string, body: Buffer): Reply {
  switch (command) {
    case 'register':
      return json(core.register(cardId));
    case 'refuse':
      return json(core.refuse(cardId, read(schemas.refuse, body)));
    case 'resolve':
      return json({ taskId: core.resolve(cardId, read(schemas.resolve, body)) });
    case 'redirect':
      return json(core.redirect(cardId, read(schemas.redirect, body)));
    case 'move-term': {
      const { date, reason } = read(schemas.moveTerm, body);
      return json(core.moveTerm(cardId, date, reason));
    }
    case 'answer': {
      const { files = [], ...rest } = read(schemas.answer, body);
      const decoded = files.map(({ name, base64 }) => ({ name, content: Buffer.from(base64, 'base64') }));
      return json({ documentUid: core.answer(cardId, { ...rest, files: decoded }) });
    }
    default:
      throw new ClerkError('Нет такой команды', 404);
  }
}

async function post(core: DeloCore, path: readonly string[], body: Buffer): Promise<Reply> {
  const [what = '', id = '', command = ''] = path;
  switch (what) {
    case 'behaviour': {
      const { channel, next, behaviour } = read(schemas.behaviour, body);
      if (next === undefined) core.behave(behaviour, channel);
      else core.behaveNext(next, behaviour, channel);
      return json({ ok: true });
    }
    case 'nonsense': {
      const { channel, kind } = read(schemas.nonsense, body);
      if (!core.channels.some((one) => one.id === channel)) throw new ClerkError('Нет такого канала', 404);
      core.sendNonsense(channel, kind);
      return json({ ok: true });
    }
    case 'release':
      core.release();
      return json({ ok: true });
    case 'cards':
      return cardCommand(core, id, command, body);
    case 'tasks': {
      const report = read(schemas.report, body);
      core.report(id, report.text, report.executor);
      return json({ ok: true });
    }
    case 'answers':
      core.sendAnswer(id, read(schemas.sendAnswer, body).what);
      return json({ ok: true });
    default:
      throw new ClerkError('Нет такой команды', 404);
  }
}

async function get(core: DeloCore, path: readonly string[]): Promise<Reply> {
  const [what = '', id] = path;
  if (what === 'cards' && id === undefined) return json(core.cards().map(plainCard));
  if (what === 'cards' && id !== undefined) {
    const card = core.card(id) ?? core.cardByUid(id);
    if (card === undefined) throw new ClerkError('Нет такой карточки', 404);
    return json(plainCard(card));
  }
  if (what === 'idle') await core.idle();
  else if (what !== 'state') throw new ClerkError('Нет такой страницы', 404);
  const { doubles, doubleList, refused, complaints, counters, channels } = core;
  return json({ channels, doubles, doubleList, refused, complaints, counters });
}

/** Answers one call under `/_control/`. */
export async function control(core: DeloCore, method: string, url: URL, body: Buffer): Promise<Reply> {
  const path = url.pathname.split('/').slice(2).map(decodeURIComponent);
  return method === 'POST' ? post(core, path, body) : get(core, path);
}
