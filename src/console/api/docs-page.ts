import { z } from 'zod';
import { ERROR_CODES } from '../../model/error-codes.ts';
import { frame } from '../web/frame.ts';
import { html, type Markup } from '../web/html.ts';
import type { Viewer } from '../web/viewer.ts';
import { templateOf } from './openapi.ts';
import type { ApiRoute } from './route.ts';
import { problem } from './schemas.ts';

/** A JSON Schema as far as the page shows it. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly format?: string;
  readonly default?: unknown;
}

/** The API for people: every address with its rights, what it takes and gives, and the refusals. */
export function docsPage(viewer: Viewer, routes: readonly ApiRoute[]): string {
  const groups = Map.groupBy(routes, ({ path }) => path.split('/')[1] ?? '');
  const body = html`<div lang="ru"><p>Адреса ниже начинаются с <code>/api/v1</code>. Токен передают в заголовке
<code>Authorization: Bearer …</code>; его выдаёт администратор на странице «Пользователи» → «Токены API» или на сервере командой
<code>posrednik token add ИМЯ --role operator --scopes appeals:read,deliveries:read</code>. Он показывается один раз. Тела запросов и ответов — JSON. То же самое для программ: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<nav aria-label="Разделы API"><ul class="figures">${[...groups.keys()].map((group) => html`<li><a href="#${group}">${group}</a></li>`)}<li><a href="#refusals">Отказы</a></li></ul></nav>
${[...groups].map(([group, list]) => html`<section id="${group}"><h2>${group}</h2>${list.map(operation)}</section>`)}
<section id="refusals"><h2>Отказы</h2><p>Отказ — <code>application/problem+json</code> (RFC 9457) с такими полями:</p>${fields(schemaOf(problem, 'output'))}
<p>При роде <code>transient</code> и <code>unknown</code> повторите позже, при остальных исправьте названное. Все коды:</p>
<dl class="facts">${Object.entries(ERROR_CODES).map(([code, { title }]) => html`<dt id="${code}"><code>${code}</code></dt><dd>${title}</dd>`)}</dl></section></div>`;
  return frame({ title: 'API', body, viewer });
}

function operation(route: ApiRoute): Markup {
  const { method, path, summary, description, role, scope } = route;
  const part = (title: string, schema: z.ZodType | undefined, io: 'input' | 'output') =>
    schema === undefined ? undefined : html`<h4>${title}</h4>${fields(schemaOf(schema, io))}`;
  return html`<article class="card"><h3><code>${method} ${templateOf(path)}</code></h3>
<p>${summary}. <span class="mark">${scope}</span> <span class="mark">${role}</span></p>
${description === undefined ? undefined : html`<p>${description}</p>`}
<details><summary>Что передать и что придёт</summary>
${part('В адресе', route.params, 'input')}${part('После «?»', route.query, 'input')}${part('В теле', route.body, 'input')}${part('Ответ', route.answer, 'output')}
</details></article>`;
}

function fields(shape: Shape): Markup {
  const inner = shape.items ?? shape;
  const { properties, required = [] } = inner;
  if (properties === undefined) return html`<p><code>${typeOf(shape)}</code></p>`;
  const lines = Object.entries(properties).map(([name, field]) => {
    const nested = nestedOf(field);
    return html`<dt><code>${name}</code></dt><dd><code>${typeOf(field)}</code>${required.includes(name) ? '' : ', можно не указывать'}${
      field.default === undefined ? '' : ` (${String(field.default)})`
    }${field.description === undefined ? '' : `: ${field.description}`}${nested === undefined ? undefined : fields(nested)}</dd>`;
  });
  return html`<dl class="facts">${lines}</dl>`;
}

/** Fields within a field: of an object, or of a list of objects, or of either that may be null. */
function nestedOf(shape: Shape): Shape | undefined {
  const candidates = [
    shape,
    shape.items,
    ...(shape.anyOf ?? []),
    ...(shape.anyOf ?? []).map(({ items }) => items),
  ];
  return candidates.find((candidate) => candidate?.properties !== undefined);
}

function typeOf(shape: Shape): string {
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum !== undefined) return shape.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeOf).join(' | ');
  if (shape.items !== undefined) return `${typeOf(shape.items)}[]`;
  const type = Array.isArray(shape.type) ? shape.type.join(' | ') : String(shape.type ?? 'any');
  return shape.format === undefined ? type : `${type} (${shape.format})`;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Shape {
  return z.toJSONSchema(schema, { target: 'draft-2020-12', io }) as Shape;
}
