import { beforeEach, describe, expect, it } from '@jest/globals';
import { createDemoClerk, type DemoClerk } from '../../../scripts/demo/clerk.ts';
import type { AppealReplies } from '../../../scripts/demo/replies.ts';
import type { Card } from '../../simulators/delo/index.ts';

const resolved: string[] = [];
const answered: { id: string; name: string; content: Buffer }[] = [];
const delo = {
  resolve: (id: string) => {
    resolved.push(id);
    return `task-${id}`;
  },
  answer: (
    id: string,
    { files = [] }: { files?: readonly { name: string; content: Uint8Array | string }[] },
  ) => {
    const [file] = files;
    answered.push({ id, name: file?.name ?? '', content: Buffer.from(file?.content ?? '') });
    return `uid-${id}`;
  },
};

beforeEach(() => {
  resolved.length = 0;
  answered.length = 0;
});

function card(posId: string, changed: Partial<Card> = {}): Card {
  const base = { id: `1${posId}`, posId, state: 'registered', resolutions: [], answers: [] };
  return { ...base, ...changed } as unknown as Card;
}

function came(...lists: [string, string[]][]): Map<string, AppealReplies> {
  const entry = (status: string) => ({ status, repetition: 0, at: '' });
  return new Map(
    lists.map(([posId, names]) => [
      posId,
      {
        statuses: names.filter((name) => name !== 'SEND_RESPONSE').map(entry),
        answers: names.filter((name) => name === 'SEND_RESPONSE').map(entry),
      },
    ]),
  );
}

describe('the clerk of the demo', () => {
  let clerk: DemoClerk;
  beforeEach(() => {
    clerk = createDemoClerk(delo, ['1', '2'], new Set(['1']));
  });

  it('puts one resolution on each registered card of its own, and on no other', () => {
    const cards = [card('1'), card('2', { state: 'received' }), card('3')];
    expect(clerk.work(cards, new Map())).toBe(1);
    expect(clerk.work(cards, new Map())).toBe(0);
    expect(resolved).toEqual(['11']);
    expect(clerk.work([card('2')], new Map())).toBe(1);
    expect(resolved).toEqual(['11', '12']);
  });

  it('answers what it is to answer, once, when the resolution is seen on the platform, with a real paper', () => {
    const cards = [card('1'), card('2')];
    clerk.work(cards, came(['1', ['TAKE_TO_WORK']], ['2', ['TAKE_TO_WORK', 'SET_EXECUTOR']]));
    expect(answered).toEqual([]);
    const seen = came(['1', ['TAKE_TO_WORK', 'SET_EXECUTOR']], ['2', ['SET_EXECUTOR']]);
    clerk.work(cards, seen);
    clerk.work(cards, seen);
    expect(answered.map(({ id, name }) => [id, name])).toEqual([['11', 'Ответ на обращение 1.pdf']]);
    const pdf = answered[0]?.content.toString('latin1') ?? '';
    expect(pdf).toMatch(/^%PDF-1\.4\n/);
    expect(pdf).toMatch(/%%EOF\n$/);
  });

  it('leaves alone what a person did first', () => {
    const done = { resolutions: [{}], answers: [{}] } as unknown as Partial<Card>;
    clerk.work([card('1', done)], came(['1', ['SET_EXECUTOR']]));
    expect({ resolved, answered }).toEqual({ resolved: [], answered: [] });
  });

  it('has at most eight answers on their way, and goes on as they arrive', () => {
    const ids = Array.from({ length: 20 }, (_unused, index) => String(100 + index));
    clerk = createDemoClerk(delo, ids, new Set(ids));
    const cards = ids.map((id) => card(id));
    const replies = (arrived: number) =>
      came(
        ...ids.map((id, index): [string, string[]] => [
          id,
          index < arrived ? ['SET_EXECUTOR', 'SEND_RESPONSE'] : ['SET_EXECUTOR'],
        ]),
      );
    for (const [arrived, given] of [
      [0, 8],
      [0, 8],
      [3, 11],
      [11, 19],
      [19, 20],
    ] as const) {
      clerk.work(cards, replies(arrived));
      expect(answered).toHaveLength(given);
    }
    expect(new Set(answered.map(({ content }) => content.toString('latin1'))).size).toBe(20);
  });
});
