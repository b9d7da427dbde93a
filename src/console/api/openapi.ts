import { z } from 'zod';
import type { ApiRoute } from './route.ts';
import { problem } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** The API as OpenAPI 3.1, made of the very schemas that check requests and shape answers. */
export function openApi({
  routes,
  publicUrl,
}: {
  readonly routes: readonly ApiRoute[];
  readonly publicUrl?: string;
}): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = templateOf(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Посредник',
      version: '1',
      description:
        'Обращения граждан между ПОС и СЭД организации. Токен выдаёт команда «posrednik token add»; права токена — роль и перечень scope. Ошибки — RFC 9457.',
    },
    servers: [{ url: `${publicUrl?.replace(/\/$/, '') ?? ''}/api/v1` }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problem, 'output') },
      responses: {
        Problem: {
          description: 'Отказ: код, что случилось и что делать',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

/** `/appeals/:posId` as OpenAPI writes it. */
export function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

/** A name of an operation that no other has: method and path in words. */
function operationId({ method, path }: ApiRoute): string {
  const words = path.split('/').map((part) => part.replace(/^:/, 'by-'));
  return [method.toLowerCase(), ...words].join('-').replace(/-+/g, '-');
}

function operation(route: ApiRoute): Json {
  const { role, scope, summary, description, body } = route;
  const refusals = ['400', '401', '403', '404', '422', '429', '500', '503'];
  return {
    operationId: operationId(route),
    tags: [route.path.split('/')[1]],
    summary,
    description: [description, `Роль: ${role}. Право: ${scope}.`].filter(Boolean).join(' '),
    'x-role': role,
    'x-scope': scope,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      '200': {
        description: 'Сделано',
        content: { 'application/json': { schema: schemaOf(route.answer, 'output') } },
      },
      ...Object.fromEntries(refusals.map((status) => [status, { $ref: '#/components/responses/Problem' }])),
    },
  };
}

function parameters(shape: z.ZodObject | undefined, where: 'path' | 'query'): Json[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is; only the dialect need not be repeated. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return made;
}
