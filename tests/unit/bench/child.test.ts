import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startChild } from '../../../scripts/bench/child.ts';
import { inPlace } from '../../../scripts/bench/place.ts';
import { eventually } from '../../support/eventually.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'posrednik-bench-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const accept = (prefix: string) => (line: string) => (line.startsWith(prefix) ? line : undefined);

describe('startChild', () => {
  it('waits for a line, finds one that came before, and ends it', async () => {
    const path = script('lines.mjs', `console.log('one'); console.error('two'); setInterval(() => 0, 1000);`);
    const child = startChild([path]);
    expect(await child.line(accept('two'))).toBe('two');
    expect(await child.line(accept('one'))).toBe('one');
    expect(isAlive(child.pid)).toBe(true);
    await child.stop();
    expect(isAlive(child.pid)).toBe(false);
    await child.stop();
  });

  it('fails with the end of its words when it dies first', async () => {
    const child = startChild([script('dies.mjs', `console.log('last words'); process.exit(3);`)]);
    await expect(child.line(accept('never'))).rejects.toThrow(/раньше времени[\s\S]*last words/);
  });

  it('ends by force what does not end when asked', async () => {
    const path = script(
      'deaf.mjs',
      `process.on('SIGTERM', () => 0); console.log('up'); setInterval(() => 0, 1000);`,
    );
    const child = startChild([path]);
    await child.line(accept('up'));
    await child.stop(50);
    expect(isAlive(child.pid)).toBe(false);
  });
});

describe('inPlace', () => {
  it('gives a folder and takes everything away, the processes too', async () => {
    let seen = { dir: '', pid: 0 };
    const result = await inPlace(dir, async (place) => {
      const child = place.start('tests/simulators/platform/main.ts');
      await child.line(accept('{'));
      seen = { dir: place.dir, pid: child.pid };
      return 'done';
    });
    expect(result).toBe('done');
    expect(existsSync(seen.dir)).toBe(false);
    await eventually('the end of the child', () => !isAlive(seen.pid));
  });

  it('takes everything away after a failure', async () => {
    const work = inPlace(dir, async () => {
      throw new Error('measured badly');
    });
    await expect(work).rejects.toThrow('measured badly');
    expect(readdirSync(dir).filter((name) => name.startsWith('posrednik-bench-'))).toEqual([]);
  });

  it('ends at a signal, as after Ctrl-C', async () => {
    const listeners = process.listenerCount('SIGINT');
    const work = inPlace(dir, async () => {
      process.emit('SIGINT', 'SIGINT');
      return await new Promise<never>(() => undefined);
    });
    await expect(work).rejects.toThrow('прервано');
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });
});
