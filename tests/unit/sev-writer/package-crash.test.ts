import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RenderedPackage } from '../../../src/sed/port.ts';
import { writePackage } from '../../../src/sed/sev/package-writer.ts';
import { sweepTemporary } from '../../../src/sed/sev/temporary.ts';
import { removeFolder, smallPackage, spooledFile, temporaryFolder } from './support.ts';

const CHILD = new URL('crash-child.ts', import.meta.url).pathname;
const DIR = 'b'.repeat(32);
/** makeFolder, envelope and three files, syncFolder, two renames, syncFolder. */
const OPERATIONS = 9;

let folder: string;
let rendered: RenderedPackage;
let json: string;

beforeAll(() => {
  folder = temporaryFolder();
  const file = spooledFile(folder, 'x', Buffer.alloc(70_000, 'z'));
  const small = smallPackage(DIR);
  rendered = {
    ...small,
    files: [...small.files, { name: 'фото.jpg', content: { path: file.path, sha256: file.sha256 } }],
  };
  json = join(folder, 'package.json');
  writeFileSync(json, JSON.stringify(rendered));
});
afterAll(() => removeFolder(folder));

/** Runs the child to its death by its own hand; tells the signal, or what it printed when it lived. */
function runChild(out: string, step: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      CHILD,
      out,
      json,
      String(step),
    ]);
    let told = '';
    child.stdout.on('data', (chunk) => {
      told += chunk;
    });
    child.stderr.on('data', (chunk) => {
      told += chunk;
    });
    child.on('error', reject);
    child.on('close', (_, signal) => resolve(signal ?? told));
  });
}

describe('killed with kill -9', () => {
  it.each(Array.from({ length: OPERATIONS }, (_, step) => step))(
    'before operation %i: nothing half is visible, and writing again ends in exactly one package',
    async (step) => {
      const out = join(folder, `out-${step}`);
      mkdirSync(out);
      expect(await runChild(out, step)).toBe('SIGKILL');
      expectNoHalfMessage(out);
      const outcome = await writePackage(out, rendered);
      expect(outcome).toBe(step <= 6 ? 'written' : 'already-written');
      await sweepTemporary(out);
      expect(readdirSync(out).sort()).toEqual([DIR, `${DIR}.env`]);
      expectNoHalfMessage(out);
    },
  );

  it('not at all, the child finishes by itself', async () => {
    const out = join(folder, 'out-whole');
    mkdirSync(out);
    expect(await runChild(out, OPERATIONS)).toBe('finished');
    expect(readdirSync(out).sort()).toEqual([DIR, `${DIR}.env`]);
  });
});

/** An envelope stands only beside a folder with all its files, and every folder that is shown is whole. */
function expectNoHalfMessage(out: string): void {
  const names = readdirSync(out).filter((name) => !name.startsWith('.'));
  if (names.includes(`${DIR}.env`)) expect(names).toContain(DIR);
  if (!names.includes(DIR)) return;
  expect(readdirSync(join(out, DIR)).sort()).toEqual(rendered.files.map((file) => file.name).sort());
  expect(readFileSync(join(out, DIR, 'фото.jpg')).byteLength).toBe(70_000);
}
