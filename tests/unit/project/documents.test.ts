import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { loadConfig } from '../../../src/config/index.ts';
import { createMetrics } from '../../../src/console/metrics.ts';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import { nodeProgram } from '../../support/node-program.ts';
import { codes, commands, filesUnder, packageJson, ROOT, read, tableRows } from './tree.ts';

const documents = filesUnder('.', (path) => path.endsWith('.md'));
const guides = documents.filter((path) => !/^docs\/(errors|configuration)\.md$/.test(path));

let known: Map<string, string[]>;
beforeAll(() => {
  known = commands();
}, 60_000);

describe('generated documents', () => {
  it('are what the code gives', () => {
    const { stderr, status } = spawnSync(nodeProgram(), [join(ROOT, 'scripts/docs.ts'), '--check'], {
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });
});

describe('commands', () => {
  it('the check finds the program’s commands', () => {
    expect([...known.keys()]).toEqual(
      expect.arrayContaining(['run', 'check', 'migrate', 'demo', 'quarantine list']),
    );
  });

  it.each(guides)('%s names only npm scripts that exist', (path) => {
    const { scripts } = packageJson();
    const asked = [...read(path).matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
    expect(asked.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each(guides)('%s names only commands and options of posrednik that exist', (path) => {
    expect(mentions(read(path)).flatMap(faultsOf)).toEqual([]);
  });

  it.each(['README.md', 'README.ru.md'])('%s tells of every command', (path) => {
    const told = new Set(
      tableRows(read(path)).flatMap(([first]) =>
        mentions(first ?? '').flatMap((words) => commandOf(words) ?? []),
      ),
    );
    expect([...known.keys()].filter((command) => !told.has(command))).toEqual([]);
  });

  it('the check notices a command and an option that do not exist', () => {
    expect(mentions('`posrednik cards print`').flatMap(faultsOf)).toEqual(['cards print']);
    expect(mentions('`posrednik check --fast`').flatMap(faultsOf)).toEqual(['check --fast']);
    expect(mentions('```sh\nposrednik quarantine retry delo 1f\n```').flatMap(faultsOf)).toEqual([]);
  });
});

describe('error codes', () => {
  const entries = Object.entries(ERROR_CODES);

  it.each(entries)('%s says what happened in one line and what to do in sentences', (_code, entry) => {
    expect(entry.title).toMatch(/^[А-ЯЁ][^\n]*[^.\s]$/);
    expect(entry.remedy).toMatch(/^[А-ЯЁ][^\n]*\.$/);
  });

  it.each(entries)('%s names only commands that exist', (_code, { remedy }) => {
    const quoted = [...remedy.matchAll(/«(?:posrednik )?([a-z][a-z -]*|--help)»/g)].map(
      (match) => match[1] ?? '',
    );
    expect(quoted.flatMap((words) => faultsOf(words.split(' ')))).toEqual([]);
  });

  it.each(guides)('%s names only codes that exist', (path) => {
    const told = codes(read(path)).filter((code) =>
      /^(PLATFORM|SED|FILE|APPEAL|CARD|SPOOL|SECRET|DATABASE(?!_URL)|SMTP|ENDPOINT|STATE_DIR|EMBEDDED)_[A-Z_]+$/.test(
        code,
      ),
    );
    expect(told.filter((code) => !(code in ERROR_CODES))).toEqual([]);
  });
});

describe('metrics', () => {
  it('are told in the guide, each and no other', async () => {
    const metrics = createMetrics({
      db: { query: async () => [] },
      queue: { depth: async () => [] },
      breakers: { states: () => new Map() },
      cabinets: () => [],
    });
    const text = await metrics.render();
    const given = [...text.matchAll(/^# HELP (\w+)/gm)].map((match) => match[1] ?? '');
    const told = tableRows(read('docs/operating.ru.md'))
      .flatMap(([first]) => codes(first ?? ''))
      .flatMap((code) => /^posrednik_\w+/.exec(code) ?? []);
    expect(metrics.contentType).toBe(new Registry().contentType);
    expect(given.length).toBeGreaterThan(5);
    expect(told.sort()).toEqual(given.sort());
  });
});

describe('example settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posrednik-readme-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['README.md', 'README.ru.md'])('of %s are taken by the program', async (path) => {
    const yaml = /```yaml\n([\s\S]+?)```/.exec(read(path))?.[1] ?? '';
    const file = join(folder, `${path}.yaml`);
    writeFileSync(file, yaml);
    const { config } = await loadConfig({ path: file, env: {}, cwd: folder });
    expect(config.cabinets.map(({ id, channel }) => [id, channel])).toEqual([['administraciya', 'delo']]);
  });

  it('are the same in both languages', () => {
    const blocks = (path: string) =>
      [...read(path).matchAll(/```yaml\n([\s\S]+?)```/g)].map((match) => match[1]);
    expect(blocks('README.ru.md')).toEqual(blocks('README.md'));
  });
});

describe('links', () => {
  it.each(documents)('of %s lead to files that are there', (path) => {
    const targets = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^(https?:|#)/.test(target))
      .map((target) => normalize(join(dirname(path), target.split('#')[0] ?? '')));
    expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('lead from the READMEs to every other document', () => {
    for (const path of ['README.md', 'README.ru.md']) {
      const unnamed = guides.filter((other) => other !== path && !read(path).includes(other));
      expect({ path, unnamed }).toEqual({ path, unnamed: [] });
    }
  });
});

/** Every «posrednik …» of a document, as words: in code spans and in blocks of commands. */
function mentions(text: string): string[][] {
  const blocks = [...text.matchAll(/```(?:sh|)\n([\s\S]+?)```/g)].flatMap((match) =>
    (match[1] ?? '').split('\n'),
  );
  const spans = codes(text.replaceAll(/```[\s\S]+?```/g, ''));
  return [...blocks, ...spans].flatMap((line) => {
    const match = /^(?:npm run -s )?posrednik (?:-- )?(.+)$/.exec(line.trim());
    return match === null ? [] : [(match[1] ?? '').split(/\s+/).filter((word) => word !== '…')];
  });
}

/** The command that the words begin with. */
function commandOf(words: readonly string[]): string | undefined {
  return [words.slice(0, 2).join(' '), words[0] ?? ''].find((command) => known.has(command));
}

function faultsOf(words: readonly string[]): string[] {
  if (words[0] === '--help') return [];
  const command = commandOf(words);
  if (command === undefined) return [words.join(' ')];
  const takes = known.get(command) ?? [];
  const options = words.filter((word) => word.startsWith('--') && word !== '--config');
  return options.filter((option) => !takes.includes(option)).map((option) => `${command} ${option}`);
}
