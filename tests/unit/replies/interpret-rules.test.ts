import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { loadReplyRules, parseReplyRules } from '../../../src/replies/rules.ts';
import { rulesWith } from './interpret-support.ts';

const GOOD = `
version: 1
rules: [{ name: а, on: registration, send: takeToWork }]
postponeReasonField: Причина
forward: []
answers: { linkTypes: [Ответ], openAccess: [], signatures: false, types: [], comment: текст }
`;

function detailOf(source: string): string {
  try {
    parseReplyRules(source, 'statuses.yaml');
  } catch (error) {
    if (error instanceof Fault && error.code === 'CONFIG_INVALID') return error.detail ?? '';
    throw error;
  }
  throw new Error('the rules were taken');
}

describe('the rules of statuses and answers', () => {
  it('the shipped file loads and has no answer type for everything', async () => {
    const rules = await loadReplyRules(new URL('../../../mappings/statuses.yaml', import.meta.url).pathname);
    expect(rules.rules.map((rule) => [rule.on, rule.send])).toContainEqual(['registration', 'takeToWork']);
    expect(rules.answers.types).toEqual([]);
    expect(rules.forward).toEqual([]);
  });

  it.each([
    ['an unknown event', GOOD.replace('on: registration', 'on: dream'), /rules\.0\.on:/],
    ['an unknown status', GOOD.replace('send: takeToWork', 'send: sing'), /rules\.0\.send:/],
    ['a condition of another name', GOOD.replace('send:', 'when: { moon: full }, send:'), /rules\.0\.when:/],
    ['a rule with no name', GOOD.replace('name: а, ', ''), /rules\.0\.name:/],
    ['no kinds of links', GOOD.replace('[Ответ]', '[]'), /answers\.linkTypes:/],
    ['a flag that is none', GOOD.replace('signatures: false', 'signatures: нет'), /answers\.signatures:/],
    ['another version', GOOD.replace('version: 1', 'version: 2'), /version:/],
    ['a key that nobody reads', `${GOOD}extra: 1\n`, /\(весь файл\):/],
    [
      'a direction that is none',
      GOOD.replace('forward: []', 'forward: [{ name: К, to: left }]'),
      /forward\.0\.to:/,
    ],
    [
      'a template with no end',
      GOOD.replace('comment: текст', 'comment: "{{number"'),
      /answers\.comment:.*\}\}/,
    ],
    [
      'a variable that is none',
      GOOD.replace('comment: текст', 'comment: "{{weather}}"'),
      /answers\.comment:/,
    ],
    ['an empty file', '', /\(весь файл\):/],
    ['no YAML', 'a: [', /это не YAML/],
  ])('%s is refused with its path', (_what, source, path) => {
    const detail = detailOf(source);
    expect(detail.startsWith('statuses.yaml: ')).toBe(true);
    expect(detail).toMatch(path);
  });

  it('every fault of a file is named at once', () => {
    const detail = detailOf(GOOD.replace('on: registration', 'on: dream').replace('[Ответ]', '[]'));
    expect(detail).toMatch(/rules\.0\.on:/);
    expect(detail).toMatch(/answers\.linkTypes:/);
  });

  it('a variable of answers is none of events', () => {
    expect(() =>
      rulesWith({ rules: '  - { name: а, on: report, send: nothing, comment: "{{annotation}}" }' }),
    ).toThrow(/rules\.0\.comment/);
  });

  it('a file that is not there is named', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rules-'));
    try {
      const path = join(dir, 'statuses.yaml');
      await expect(loadReplyRules(path)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await writeFile(path, GOOD);
      await expect(loadReplyRules(path)).resolves.toMatchObject({ postponeReasonField: 'Причина' });
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
