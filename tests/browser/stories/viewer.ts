import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { giveCommand } from '../../../scripts/demo/command.ts';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { eventually } from '../../support/eventually.ts';
import { CABINET, cardOf, OPA_ID, registered, waiting } from './appeals.ts';
import { UNMAPPED } from './rubric.ts';

const WHY = 'из любопытства';
const CATEGORY = '2001/200101';

/** What there is to be changed: an answer that waits, its appeal and its group of errors. */
interface Waiting {
  readonly posId: string;
  readonly appeal: string;
  readonly delivery: string;
  readonly incident: string;
}

/** A viewer looks at everything and changes nothing, by page, by a form of his own making or by the API. */
export async function lookOnly(world: ConsoleWorld): Promise<void> {
  const found = await makeWaiting(world);
  const before = await stateOf(world);
  const page = await world.as('viewer');
  await lookAtPages(world, page, found);
  await sendForms(world, page, found);
  await callApi(world, page, found);
  expect(await stateOf(world)).toEqual(before);
  expect(await waiting(world, 'ANSWER_ACCESS_RESTRICTED')).toContain(found.delivery);
}

async function makeWaiting(world: ConsoleWorld): Promise<Waiting> {
  const [posId = ''] = await registered(world, 1);
  world.stage.delo.answer(cardOf(world, posId), { text: 'Ответ', access: 'для служебного пользования' });
  const [row] = await eventually('the answer to be refused', async () => {
    const rows = await world.db.query<Omit<Waiting, 'posId'>>(
      `SELECT a.id::text AS appeal, d.id::text AS delivery, i.id::text AS incident
       FROM delivery d JOIN appeal a ON a.id = d.appeal_id
       JOIN incident i ON i.code = d.error_code AND i.scope = 'opa:' || a.opa_id AND i.fingerprint = d.cause
       WHERE a.pos_id = $1 AND d.state = 'attention' AND i.closed_at IS NULL`,
      [posId],
    );
    return rows.length > 0 && rows;
  });
  if (row === undefined) throw new Error('nothing waits');
  return { posId, ...row };
}

async function lookAtPages(
  { url }: ConsoleWorld,
  page: Page,
  { appeal, incident, delivery }: Waiting,
): Promise<void> {
  for (const path of [
    ...['/', '/appeals', `/appeals/${appeal}`, '/errors', `/errors/${incident}`],
    ...['/rubrics', '/rubrics/unmapped', '/cabinets', `/cabinets/${CABINET}`, '/showcase'],
  ]) {
    expect({ path, status: (await page.goto(`${url}${path}`))?.status() }).toEqual({ path, status: 200 });
    // Signing out is all that he may send.
    const forms = await page
      .locator('form[method=post]')
      .evaluateAll((all) => all.map((form) => form.getAttribute('action')));
    expect({ path, forms }).toEqual({ path, forms: ['/sign-out'] });
  }
  for (const path of [
    ...[`/errors/${incident}/resend`, `/deliveries/${delivery}/edit`],
    ...['/rubrics/import', '/rubrics/map', '/users', '/audit'],
  ]) {
    expect({ path, status: (await page.goto(`${url}${path}`))?.status() }).toEqual({ path, status: 403 });
  }
}

/** As one does who has seen an operator's page: the right address, the right fields, his own token. */
async function sendForms({ url }: ConsoleWorld, page: Page, { incident, delivery }: Waiting): Promise<void> {
  await page.goto(`${url}/account`);
  const csrf = (await page.locator('form[action="/sign-out"] [name=csrf]').getAttribute('value')) ?? '';
  for (const [path, fields] of Object.entries({
    [`/cabinets/${CABINET}/pause`]: {},
    [`/errors/${incident}/resend`]: {},
    [`/errors/${incident}/members/delivery/${delivery}`]: { do: 'cancel' },
    '/rubrics/map': { code: UNMAPPED, category: CATEGORY },
    '/rubrics/pick': { pick: `${UNMAPPED} ${CATEGORY}` },
    '/showcase/run': { showcase: 'region' },
    '/users': { login: 'another', role: 'admin' },
  })) {
    const form = { csrf, why: WHY, ...fields };
    const answer = await page.request.post(`${url}${path}`, {
      form,
      headers: { origin: url },
      maxRedirects: 0,
    });
    expect({ path, status: answer.status() }).toEqual({ path, status: 403 });
    // Not for a form that is out of date, which is 403 too.
    expect(await answer.text()).toContain('На это у вашей роли нет права.');
  }
}

/** With a viewer's token, which the API refuses in words, and with his session, of which it knows nothing. */
async function callApi(
  world: ConsoleWorld,
  page: Page,
  { posId, incident, delivery }: Waiting,
): Promise<void> {
  const args = ['token', 'add', 'смотритель', '--role', 'viewer', '--scopes', 'all:read', '--json'];
  const { token } = JSON.parse(await giveCommand(world.stage.configPath, args)) as { token: string };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const api = `${world.url}/api/v1`;
  expect((await fetch(`${api}/incidents/${incident}`, { headers })).status).toBe(200);
  for (const [path, fields] of Object.entries({
    [`/incidents/${incident}/resend`]: {},
    [`/appeals/${posId}/resend`]: {},
    [`/deliveries/${delivery}/cancel`]: {},
    '/deliveries/resend': { id: delivery },
    '/rubrics/map': { code: UNMAPPED, category: CATEGORY },
    '/showcase/upload': { showcase: 'region' },
    [`/cabinets/${CABINET}/pause`]: {},
  })) {
    const data = { why: WHY, ...fields };
    const refused = await fetch(`${api}${path}`, { method: 'POST', headers, body: JSON.stringify(data) });
    expect({ path, type: refused.headers.get('content-type'), body: await refused.json() }).toMatchObject({
      path,
      type: 'application/problem+json; charset=utf-8',
      body: { status: 403, code: 'API_FORBIDDEN', title: expect.any(String), remedy: expect.any(String) },
    });
    const unknown = await page.request.post(`${api}${path}`, { data, headers: { origin: world.url } });
    expect({ path, body: await unknown.json() }).toMatchObject({
      path,
      body: { status: 401, code: 'API_UNAUTHORIZED' },
    });
  }
}

/** What would be different if any of it had been done. */
async function stateOf({ db }: ConsoleWorld): Promise<unknown> {
  const [state] = await db.query(
    `SELECT (SELECT state FROM cabinet WHERE opa_id = $1) AS cabinet, (SELECT max(version) FROM rubric_version) AS rules,
       (SELECT count(*) FROM incident_resend) AS resends, (SELECT count(*) FROM console_user) AS users,
       (SELECT max(id) FROM showcase_build) AS builds,
       (SELECT count(*) FROM setting WHERE key LIKE 'showcase-run:%') AS asked`,
    [OPA_ID],
  );
  return state;
}
