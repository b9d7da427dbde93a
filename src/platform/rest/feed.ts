import { Fault } from '../../model/errors.ts';
import type { CabinetAccess, FeedPage, FeedQuery } from '../port.ts';
import { asList } from './answer.ts';
import type { RestClient } from './client.ts';
import type { ItemReader } from './item.ts';
import type { PlatformMapping } from './mapping.ts';
import { codeWord } from './text.ts';

/**
 * Reads one page of a cabinet's feed (contracts/platform-rest.md, section 2).
 * @throws Fault; PLATFORM_BAD_ANSWER also for a page that would make its reader go round for ever
 */
export async function readFeedPage(
  client: RestClient,
  mapping: PlatformMapping,
  readItem: ItemReader,
  cabinet: CabinetAccess,
  query: FeedQuery,
  signal?: AbortSignal,
): Promise<FeedPage> {
  const names = mapping.calls.feed.parameters;
  const { meaning, json } = await client.json(
    cabinet,
    {
      call: 'feed',
      query: {
        [names.size]: String(Math.min(Math.max(query.size, 1), mapping.limits.pageSize)),
        ...(query.after !== undefined && { [names.after]: query.after }),
        ...(query.changedFrom !== undefined && { [names.changedFrom]: query.changedFrom.toISOString() }),
        ...(query.changedTo !== undefined && { [names.changedTo]: query.changedTo.toISOString() }),
      },
      ...(signal !== undefined && { signal }),
    },
    ['ok', 'cursor-expired'],
  );
  if (meaning === 'cursor-expired') return expiredPage(mapping, json, query.after);

  const next = cursor(json['next']);
  const last = flag(json['last']);
  if (typeof json['content'] !== 'object' && json['content'] !== undefined) {
    throw badPage('content не список обращений');
  }
  const elements = asList(json['content']);
  if (last === undefined) throw badPage('last отсутствует или не true/false');
  if (!last && next === undefined) throw badPage('next отсутствует, хотя страница не последняя');
  if (!last && next === query.after) throw badPage('next не продвигается, хотя страница не последняя');
  return {
    state: 'page',
    items: elements
      .filter((element) => element !== null)
      .map((element) => readItem(element, cabinet.timeZone)),
    ...(next !== undefined && { next }),
    last,
  };
}

function expiredPage(
  mapping: PlatformMapping,
  json: Readonly<Record<string, unknown>>,
  asked: string | undefined,
): FeedPage {
  // Going back to the oldest place is costly, so a bare 410 of some gateway is not enough.
  if (json['error'] !== mapping.errors.cursorExpired) {
    throw badPage(`лента отказала с другой причиной: ${codeWord(json['error']) ?? 'не названа'}`);
  }
  const oldest = cursor(json['oldest']);
  if (oldest !== undefined && oldest === asked) throw badPage('oldest совпадает с устаревшим местом');
  return { state: 'expired', ...(oldest !== undefined && { oldest }) };
}

/** An opaque cursor; numbers are taken as their digits. */
function cursor(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.isWellFormed() ? value : undefined;
}

function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return undefined;
}

function badPage(detail: string): Fault {
  return new Fault('PLATFORM_BAD_ANSWER', { detail: `страница ленты: ${detail}` });
}
