import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openApi, templateOf } from '../../../../src/console/api/openapi.ts';
import { ERROR_CODES } from '../../../../src/model/error-codes.ts';
import { toCategory } from '../../../../src/rubrics/categories.ts';
import { importCategories } from '../../../../src/rubrics/import.ts';
import { seedRubrics } from '../../../../src/rubrics/seed.ts';
import { addTestUser, visitor } from '../../../support/console.ts';
import { putDelivery } from '../../cli/delivery-rows.ts';
import { type ApiStand, startApi } from './api-stand.ts';

const LONG = 240_000;

type Json = Readonly<Record<string, unknown>>;
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: Readonly<Record<string, { readonly schema: Json }>>; readonly $ref?: string }
    >
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly responses: Json };
}

/** What the file says an address answers: read from the file, not from the schemas that made it. */
function promised(file: OpenApi, method: string, path: string): z.ZodType {
  const schema = file.paths[path]?.[method]?.responses['200']?.content?.['application/json']?.schema;
  if (schema === undefined) throw new Error(`nothing is said of ${method} ${path}`);
  return z.fromJSONSchema(schema as never);
}

describe('the OpenAPI file', () => {
  let api: ApiStand;
  let token: string;
  let file: OpenApi;
  let posId: string;
  let held: string;
  let incident: string;

  beforeAll(async () => {
    api = await startApi();
    token = await api.token();
    file = (await api.call(token, 'GET', '/openapi.json')).body as unknown as OpenApi;
    await seedRubrics(api.database.dataSource, api.deps.loaded.config.mappingsDir);
    posId = '621001';
    await putDelivery(api.database, { posId: '621000', state: 'done' });
    held = await putDelivery(api.database, {
      posId,
      state: 'attention',
      code: 'FORWARD_TARGET_UNKNOWN',
      detail: 'Жалоба Полевой.pdf',
    });
    await putDelivery(api.database, { posId: '621002', state: 'queued' });
    await api.db.query(
      `WITH b AS (INSERT INTO showcase_build (showcase, cards, questions, finished_at) VALUES ('main', 2, 2, now()) RETURNING id)
       INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date, cardfile, verdict, build_id)
       SELECT 'main', 'k1', 1, '0003.0009.0099.0742', '77', 'ОГ-7', '2026-01-13'::date, 'DUE', 'unmapped', id FROM b
       UNION ALL SELECT 'main', 'k2', 1, '0003.0009.0099.0742', '78', 'ОГ-8', NULL, 'DUE', 'unmapped', id FROM b`,
    );
    const category = toCategory({ subject: 'Дороги', subjectId: '7' });
    await importCategories(
      api.database.dataSource,
      { categories: [category] },
      { source: 'проба', who: 'проба' },
    );
    await api.deps.incidents.open(api.db, 'FORWARD_TARGET_UNKNOWN', 'opa:100001', 'организация «X»');
    await api.deps.incidents.open(api.db, 'PLATFORM_UNREACHABLE', 'platform');
    const [row] = await api.db.query<{ id: string }>(
      `SELECT id::text AS id FROM incident WHERE scope = 'opa:100001'`,
    );
    incident = row?.id ?? '';
  }, LONG);
  afterAll(() => api.stop(), LONG);

  const fill = (path: string) =>
    path
      .replace('/appeals/{posId}', `/appeals/${posId}`)
      .replace('/deliveries/{id}', `/deliveries/${held}`)
      .replace('/incidents/{id}', `/incidents/${incident}`)
      .replace('/cabinets/{id}', '/cabinets/lko-1');

  it('says what it is, and names each operation once', () => {
    expect(file.openapi).toMatch(/^3\.1\.\d$/);
    const operations = Object.values(file.paths).flatMap((path) => Object.values(path));
    expect(operations).toHaveLength(api.routes.length);
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { summary, responses } of operations) {
      expect(summary).toMatch(/^[А-ЯЁ].*[^.]$/);
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining(['200', '400', '401', '403', '404', '422']),
      );
    }
  });

  it('refers only to what it holds, and to nothing outside', () => {
    const text = JSON.stringify(file);
    const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    expect(refs.length).toBeGreaterThan(0);
    for (const ref of refs) {
      const [root, ...parts] = ref.split('/');
      expect(root).toBe('#');
      expect(parts.reduce<unknown>((at, part) => (at as Json | undefined)?.[part], file)).toBeDefined();
    }
    expect(text).not.toContain('"undefined"');
  });

  it('names each part of a path as a parameter of it, and no other', () => {
    for (const [path, operations] of Object.entries(file.paths)) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(operations)) {
        const named = parameters.filter((parameter) => parameter.in === 'path');
        expect(named.map(({ name }) => name)).toEqual(parts);
        expect(named.every(({ required }) => required)).toBe(true);
        for (const { schema } of parameters) expect(() => z.fromJSONSchema(schema as never)).not.toThrow();
      }
    }
  });

  it(
    'every address that reads answers what the file promises, with something in it',
    async () => {
      const reading = Object.entries(file.paths).filter(([, operations]) => operations['get'] !== undefined);
      expect(reading.length).toBeGreaterThan(9);
      for (const [path] of reading) {
        const answer = await api.call(token, 'GET', fill(path));
        expect([path, answer.status]).toEqual([path, 200]);
        const read = promised(file, 'get', path).safeParse(answer.body);
        expect([path, read.error?.issues ?? []]).toEqual([path, []]);
        const { items, journeys } = answer.body as { items?: unknown[]; journeys?: unknown[] };
        if (items !== undefined) expect([path, items.length]).not.toEqual([path, 0]);
        if (journeys !== undefined) expect(journeys).toHaveLength(1);
      }
    },
    LONG,
  );

  it(
    'every address that changes answers what the file promises',
    async () => {
      const code = '0003.0009.0099.0742';
      const bodies: Readonly<Record<string, unknown>> = {
        '/appeals/{posId}/resend': { why: 'проба' },
        '/deliveries/resend': { error: 'PLATFORM_REJECTED', why: 'проба' },
        '/deliveries/{id}/cancel': { why: 'проба' },
        '/cabinets/{id}/pause': { why: 'проба' },
        '/cabinets/{id}/resume': {},
        '/cabinets/{id}/check': {},
        '/cabinets/{id}/backfill': { from: '2026-01-01', to: '2026-01-31', why: 'проба' },
        '/incidents/{id}/acknowledge': {},
        '/incidents/{id}/snooze': { until: '2999-01-01T00:00:00Z' },
        '/incidents/{id}/note': { note: 'звонили' },
        '/incidents/{id}/resend': { why: 'исправлено' },
        '/incidents/{id}/close': { why: 'проба' },
        '/showcase/upload': { why: 'проба' },
        '/rubrics/map': { code, category: 'Дороги', why: 'проба' },
      };
      const changing = Object.entries(file.paths).flatMap(([path, { post }]) =>
        post === undefined ? [] : [path],
      );
      // To edit an answer there must be one with files: it has a test of its own.
      const tried = changing.filter((path) => path !== '/deliveries/{id}/edit');
      expect(tried.sort()).toEqual(Object.keys(bodies).sort());
      // The group is sent again before it is closed, the delivery is cancelled after both.
      const last = ['/incidents/{id}/close', '/deliveries/{id}/cancel'];
      const order = [...tried.filter((path) => !last.includes(path)), ...last];
      for (const path of order) {
        const asked = file.paths[path]?.['post']?.requestBody?.content['application/json']?.schema;
        if (asked !== undefined)
          expect(z.fromJSONSchema(asked as never).safeParse(bodies[path]).success).toBe(true);
        const fresh = path.startsWith('/deliveries/{id}')
          ? `/deliveries/${await putDelivery(api.database, { posId: '621009', state: 'attention', code: 'PLATFORM_REJECTED' })}${path.slice(16)}`
          : fill(path);
        const answer = await api.call(token, 'POST', fresh, bodies[path]);
        expect([path, answer.status, answer.body['detail']]).toEqual([path, 200, undefined]);
        const read = promised(file, 'post', path).safeParse(answer.body);
        expect([path, read.error?.issues ?? []]).toEqual([path, []]);
      }
    },
    LONG,
  );

  it('what is refused is the problem that the file describes', async () => {
    const described = z.fromJSONSchema(file.components.schemas['Problem'] as never);
    const refusals = [
      await api.call(token, 'GET', '/appeals?limit=0'),
      await api.call(token, 'GET', '/appeals/1'),
      await api.call(token, 'POST', '/deliveries/resend', { why: 'проба' }),
      await api.call(undefined, 'GET', '/appeals'),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([400, 404, 422, 401]);
    for (const { body, status } of refusals) {
      expect(described.safeParse(body).error?.issues ?? []).toEqual([]);
      expect(body['status']).toBe(status);
      expect(Object.keys(ERROR_CODES)).toContain(body['code']);
    }
  });

  it('the page for people names every address, right and code, and loads nothing', async () => {
    const person = visitor(api.url);
    await person.enter(api.db, await addTestUser(api.db, 'читатель', 'viewer'));
    const page = await person.get('/api/docs');
    expect(page.status).toBe(200);
    for (const { method, path, scope } of api.routes) {
      expect(page.text).toContain(`${method} ${templateOf(path)}</code>`);
      expect(page.text).toContain(scope);
    }
    for (const code of Object.keys(ERROR_CODES)) expect(page.text).toContain(`id="${code}"`);
    expect(page.text).not.toMatch(/(?:src|href)="(?!\/|#)/);
    expect(page.text).not.toMatch(/undefined|\[object/);
    expect(page.text.length).toBeLessThan(100_000);
  });

  it('has the public address where there is one', () => {
    const made = openApi({ routes: [], publicUrl: 'https://pos.example/' });
    expect(made['servers']).toEqual([{ url: 'https://pos.example/api/v1' }]);
    expect(openApi({ routes: [] })['servers']).toEqual([{ url: '/api/v1' }]);
  });
});
