import { Fault } from '../../model/errors.ts';
import type { CabinetAccess, PlatformCategory } from '../port.ts';
import { asList } from './answer.ts';
import type { RestClient } from './client.ts';
import type { PlatformMapping } from './mapping.ts';
import { cleanText } from './text.ts';

/** A classifier of the platform has some dozens of categories; more pages than this are a loop. */
const MOST_PAGES = 500;

interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * Reads all categories and, of each, the sub-categories of a region (contracts/platform-rest.md, section 5). An element
 * without id or name spoils the whole: a list that lacks some would retire categories that are there.
 * @throws Fault; PLATFORM_BAD_ANSWER also for pages that go round for ever
 */
export async function readPlatformClassifier(
  client: RestClient,
  mapping: PlatformMapping,
  cabinet: CabinetAccess,
  regionId: string,
  signal?: AbortSignal,
): Promise<readonly PlatformCategory[]> {
  const categories: PlatformCategory[] = [];
  const stop = signal === undefined ? {} : { signal };
  for (const subject of await readSubjects(client, mapping, cabinet, stop)) {
    const about = { subjectId: subject.id, subject: subject.name };
    categories.push(about);
    const path = { subjectId: subject.id, regionId };
    // A category of which the region has nothing is answered by «not found» or by an empty list.
    const list = await client.list(cabinet, { call: 'subsubjects', path, ...stop });
    for (const { id, name } of (list ?? []).map((element) => named(element, 'подкатегории'))) {
      categories.push({ ...about, subsubjectId: id, subsubject: name });
    }
  }
  return categories;
}

async function readSubjects(
  client: RestClient,
  mapping: PlatformMapping,
  cabinet: CabinetAccess,
  stop: { readonly signal?: AbortSignal },
): Promise<readonly Named[]> {
  const names = mapping.calls.subjects.parameters;
  const size = String(mapping.limits.pageSize);
  const subjects = new Map<string, Named>();
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { [names.page]: String(page), [names.size]: size };
    const { json } = await client.json(cabinet, { call: 'subjects', query, ...stop }, ['ok']);
    const { content, last } = json;
    if (typeof last !== 'boolean') throw badClassifier('last отсутствует или не true/false');
    if (content !== undefined && typeof content !== 'object')
      throw badClassifier('content не список категорий');
    const before = subjects.size;
    for (const element of asList(content)) {
      const subject = named(element, 'категории');
      subjects.set(subject.id, subject);
    }
    if (last) return [...subjects.values()];
    if (subjects.size === before) throw badClassifier('страница не последняя, но новых категорий в ней нет');
  }
  throw badClassifier(`больше ${MOST_PAGES} страниц категорий`);
}

function named(element: unknown, what: string): Named {
  const { id, name } = (typeof element === 'object' && element !== null ? element : {}) as Record<
    string,
    unknown
  >;
  const text = typeof name === 'string' ? cleanText(name).trim() : '';
  const isId = (typeof id === 'string' && id.trim() !== '') || Number.isSafeInteger(id);
  if (!isId || text === '') throw badClassifier(`у ${what} нет id или name`);
  return { id: cleanText(String(id)).trim(), name: text };
}

function badClassifier(detail: string): Fault {
  return new Fault('PLATFORM_BAD_ANSWER', { detail: `классификатор: ${detail}` });
}
