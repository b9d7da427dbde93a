import type { Call } from './call.ts';
import { jsonReply, jsonTextReply, type Reply } from './reply.ts';
import type { Cabinet, FeedEntry } from './state.ts';
import { bareLists, posIdOf, wireHistory } from './wire.ts';

const MAX_SIZE = 200;

/** Cursors say how many items were read; the letter tells the feed from a back-fill. */
export function cursorOf(letter: 'c' | 'b', place: number): string {
  return Buffer.from(`${letter}:${place}`).toString('base64url');
}

function placeOf(letter: 'c' | 'b', cursor: string): number | undefined {
  const match = /^([cb]):(\d{1,12})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  return match !== null && match[1] === letter ? Number(match[2]) : undefined;
}

export function cursorExpired(cabinet: Cabinet): Reply {
  return jsonReply(410, { error: 'cursor_expired', oldest: cursorOf('c', cabinet.oldestKept) });
}

function badQuery(field: string, message: string): Reply {
  return jsonReply(422, { error: 'validation', details: [{ field, message }] });
}

function page(call: Call, items: readonly FeedEntry[], next: string, last: boolean): Reply {
  const texts = items.map((item) => item.json);
  if (call.duplicateItems) texts.push(...texts);
  const content = `[${texts.join(',')}]`;
  if (!call.state.settings.bareObject) {
    return jsonTextReply(`{"content":${content},"next":${JSON.stringify(next)},"last":${last}}`);
  }
  return jsonReply(200, bareLists({ content: JSON.parse(content), next, last }));
}

function backFill(call: Call, cabinet: Cabinet, query: URLSearchParams, size: number): Reply {
  const from = Date.parse(query.get('changedFrom') ?? '');
  const to = Date.parse(query.get('changedTo') ?? '');
  if (Number.isNaN(from)) return badQuery('changedFrom', 'ожидается время RFC 3339');
  if (Number.isNaN(to)) return badQuery('changedTo', 'ожидается время RFC 3339');
  const after = query.get('after');
  const start = after === null || after === '' ? 0 : placeOf('b', after);
  if (start === undefined) return badQuery('after', 'неизвестный курсор');
  const items: FeedEntry[] = [];
  let place = start;
  for (; place < cabinet.feed.length && items.length < size; place++) {
    const entry = cabinet.feed[place];
    if (entry !== undefined && entry.changedAtMs >= from && entry.changedAtMs < to) items.push(entry);
  }
  const more = cabinet.feed.slice(place).some((entry) => entry.changedAtMs >= from && entry.changedAtMs < to);
  return page(call, items, cursorOf('b', place), !more);
}

/** GET /appeal-service/sed/appeals: the feed by cursor, or the back-fill [changedFrom, changedTo) (section 2). */
export function feedRoute(call: Call, cabinet: Cabinet): Reply {
  const query = new URLSearchParams(call.query);
  const size = Number(query.get('size') ?? '50');
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) return badQuery('size', `от 1 до ${MAX_SIZE}`);
  if (query.has('changedFrom') || query.has('changedTo')) return backFill(call, cabinet, query, size);
  const after = query.get('after');
  const start = after === null || after === '' ? cabinet.oldestKept : placeOf('c', after);
  if (start === undefined || start > cabinet.feed.length) return badQuery('after', 'неизвестный курсор');
  if (start < cabinet.oldestKept) return cursorExpired(cabinet);
  const items = cabinet.feed.slice(start, start + size);
  const place = start + items.length;
  return page(call, items, cursorOf('c', place), place >= cabinet.feed.length);
}

/** GET /appeal-service/sed/appeals/{posId}: one appeal as it is now, with its history. */
export function appealRoute(call: Call, cabinet: Cabinet): Reply {
  const appeal = cabinet.appeals.get(posIdOf(call.params[0]));
  if (appeal === undefined) return jsonReply(404, { error: 'not_found' });
  const whole = { ...appeal.wire, history: appeal.history.map(wireHistory) };
  return jsonReply(200, call.state.settings.bareObject ? bareLists(whole) : whole);
}
