import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FORWARD_TARGET, writeMappings } from '../../../scripts/demo/mappings.ts';
import { answerSeconds, readReplies } from '../../../scripts/demo/replies.ts';
import { loadPlatformMapping } from '../../../src/platform/rest/index.ts';
import { loadReplyRules } from '../../../src/replies/rules.ts';
import { loadCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { startPlatform } from '../../simulators/platform/index.ts';

describe('what came to the platform', () => {
  it('counts what was posted, not what the citizen or the moderator did', async () => {
    const platform = await startPlatform();
    try {
      platform.addCabinet({ opaId: '1', identifier: 'i', password: 'p', name: 'Кабинет' });
      const posId = platform.addAppeal('1');
      platform.change('1', posId, 'AMENDED', { description: 'иначе' });
      expect(readReplies(platform)).toEqual(new Map([[String(posId), { statuses: [], answers: [] }]]));
      const login = await fetch(`${platform.url}/auth-service/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'password', username: 'i', password: 'p', scope: 'sed' }),
      });
      const { access_token: token } = (await login.json()) as { access_token: string };
      const posted = await fetch(`${platform.url}/appeal-service/sed/appeals/${posId}/statuses`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'OPA-ID': '1', 'Content-Type': 'application/json' },
        body: JSON.stringify({ status: 'TAKE_TO_WORK', at: '2026-01-12T12:00:00Z' }),
      });
      expect(posted.status).toBe(201);
      expect(readReplies(platform).get(String(posId))).toMatchObject({
        statuses: [{ status: 'TAKE_TO_WORK', repetition: 0 }],
        answers: [],
      });
    } finally {
      await platform.close();
    }
  });

  it('measures each answer from the clerk to the platform, in the order in which they were given', () => {
    const entry = (at: string) => ({ status: 'SEND_RESPONSE', repetition: 0, at });
    const cards = [
      { answers: [{ at: '2026-01-12T12:00:10.000' }] },
      { answers: [{ at: '2026-01-12T12:00:00.000' }] },
    ] as unknown as Parameters<typeof answerSeconds>[0];
    const answers = [entry('2026-01-12T12:00:01.500+03:00'), entry('2026-01-12T12:00:12.000+03:00')];
    expect(answerSeconds(cards, { statuses: [], answers })).toEqual([1.5, 2]);
    expect(answerSeconds(cards, { statuses: [], answers: answers.slice(0, 1) })).toEqual([1.5]);
    expect(answerSeconds(cards, undefined)).toEqual([]);
    expect(answerSeconds([], { statuses: [], answers })).toEqual([]);
  });
});

describe('the mappings of the demo', () => {
  it('are the shipped ones, but every answer explains and one organisation is known', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'posrednik-demo-mappings-'));
    try {
      const made = await writeMappings(join(folder, 'mappings'));
      const rules = await loadReplyRules(join(made, 'statuses.yaml'));
      const shipped = await loadReplyRules('mappings/statuses.yaml');
      expect(rules.answers.types).toEqual([{ when: {}, type: 'EXPLAINED' }]);
      expect(rules.forward).toEqual([{ name: FORWARD_TARGET, to: 'subordinate', opaId: '100002' }]);
      expect(rules.rules).toEqual(shipped.rules);
      await loadPlatformMapping(join(made, 'platform.yaml'));
      await loadCardMapping(join(made, 'card.yaml'));
      expect(await readFile(join(made, 'terms.yaml'), 'utf8')).toBe(
        await readFile('mappings/terms.yaml', 'utf8'),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
