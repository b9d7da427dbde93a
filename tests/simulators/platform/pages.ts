import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { change, rate } from './appeals.ts';
import { fileReply } from './file-routes.ts';
import { redirectReply } from './html.ts';
import { takeNewAppeal } from './new-appeal.ts';
import { appealPage } from './page-appeal.ts';
import { editPage, newPage, notFoundPage } from './page-forms.ts';
import { listPage } from './page-list.ts';
import { showcasePage } from './page-showcase.ts';
import { jsonReply, type Reply, readBody, sendReply } from './reply.ts';
import type { Cabinet, PlatformState, StoredAppeal } from './state.ts';
import { posIdOf } from './wire.ts';

const STYLE = readFileSync(new URL('./style.css', import.meta.url), 'utf8');
const FORM_LIMIT = 60 * 1024 * 1024;

function downloadPage(state: PlatformState, opaId: string, fileId: string): Reply {
  const file = state.cabinets.get(opaId)?.files.get(fileId);
  if (file === undefined) return notFoundPage();
  const reply = fileReply(file, undefined);
  return {
    ...reply,
    headers: {
      ...reply.headers,
      'Content-Type': 'application/octet-stream',
      'X-Content-Type-Options': 'nosniff',
      'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name.toWellFormed())}`,
    },
  };
}

/** A button of an appeal's page; false when what it asks is not possible now. */
function act(
  state: PlatformState,
  cabinet: Cabinet,
  appeal: StoredAppeal,
  action: string,
  form: URLSearchParams,
) {
  const { opaId } = cabinet;
  const { posId } = appeal.wire;
  if (appeal.withdrawn) return false;
  if (action === 'rate') {
    const mark = Number(form.get('mark'));
    if (![1, 2, 3, 4, 5].includes(mark) || appeal.wire.status !== 'SEND_RESPONSE') return false;
    rate(state, opaId, posId, mark);
  } else if (action === 'withdraw') {
    const reason = form.get('reason') || 'Вопрос больше не актуален';
    change(state, opaId, posId, 'WITHDRAWN', { withdrawnReason: reason });
  } else if (action === 'amend') {
    const text = (form.get('text') ?? '').trim().slice(0, 4000);
    if (text === '') return false;
    change(state, opaId, posId, 'AMENDED', { description: text });
  } else {
    const day = form.get('day') ?? '';
    if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day))) return false;
    change(state, opaId, posId, 'TERM_MOVED', { answerAt: `${day}T23:59:59+03:00` });
  }
  return true;
}

function appealRoutes(state: PlatformState, path: string, method: string, form: URLSearchParams): Reply {
  const match = /^\/appeals\/([^/]+)\/(\d+)(?:\/(edit|rate|withdraw|amend|term))?$/.exec(path);
  const cabinet = state.cabinets.get(match?.[1] ?? '');
  const appeal = cabinet?.appeals.get(posIdOf(match?.[2]));
  if (cabinet === undefined || appeal === undefined) return notFoundPage();
  const action = match?.[3];
  if (action === undefined && method === 'GET') return appealPage(cabinet, appeal);
  if (action === 'edit' && method === 'GET') return editPage(cabinet, appeal);
  if (action === undefined || action === 'edit' || method !== 'POST') return notFoundPage();
  act(state, cabinet, appeal, action, form);
  return redirectReply(`/appeals/${cabinet.opaId}/${appeal.wire.posId}`);
}

/** The pages for people: the list, one appeal, the forms, the files. */
export async function servePages(
  state: PlatformState,
  path: string,
  query: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const method = req.method ?? 'GET';
  const read = await readBody(req, FORM_LIMIT);
  if (!read.ok) {
    if (read.reason === 'too-large') await sendReply(state, res, newPage(state, 'Файл слишком велик.'));
    return;
  }
  let reply: Reply;
  const file = /^\/files\/([^/]+)\/([^/]+)$/.exec(path);
  if (path === '/' && method === 'GET') reply = listPage(state, new URLSearchParams(query));
  else if (path === '/showcase' && method === 'GET') reply = showcasePage(state, new URLSearchParams(query));
  else if (path === '/style.css') {
    reply = { status: 200, headers: { 'Content-Type': 'text/css; charset=utf-8' }, text: STYLE };
  } else if (path === '/new' && method === 'GET') reply = newPage(state);
  else if (path === '/new' && method === 'POST') {
    reply = takeNewAppeal(state, req.headers['content-type'], read.body);
  } else if (file !== null && method === 'GET') reply = downloadPage(state, file[1] ?? '', file[2] ?? '');
  else if (path.startsWith('/appeals/')) {
    reply = appealRoutes(state, path, method, new URLSearchParams(read.body.toString('utf8')));
  } else
    reply = req.headers.accept?.includes('text/html')
      ? notFoundPage()
      : jsonReply(404, { error: 'not_found' });
  await sendReply(state, res, reply);
}
