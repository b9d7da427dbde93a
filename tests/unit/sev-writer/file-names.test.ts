import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  createNameAllocator,
  extensionOf,
  MAX_NAME_BYTES,
  safeFileName,
} from '../../../src/sed/sev/file-names.ts';
import { removeFolder, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const NASTY = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      '.',
      '/',
      '\\',
      ' ',
      ':',
      '*',
      'CON',
      'nul',
      'COM1',
      'é',
      'е\u0308',
      '😀',
      '\u202e',
      '\u200d',
      '\u0000',
      '\n',
      'а',
      'А',
      '.txt',
      '?',
      '"',
      '|',
      '\ud83d',
    ),
    maxLength: 40,
  }),
);

const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

function expectSafe(name: string): void {
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
  expect(name).not.toBe('');
  expect(name.isWellFormed()).toBe(true);
  expect(name).not.toMatch(/[<>:"/\\|?*]/);
  expect(name).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  expect(name).not.toMatch(/^\s|[\s.]$/u);
  expect((name.split('.')[0] ?? '').trim()).not.toMatch(DEVICE);
}

describe('safeFileName', () => {
  it.each([
    ['Справка.pdf', 'Справка.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\Я\\фото.JPG', 'фото.JPG'],
    ['/', 'файл'],
    ['..', 'файл'],
    ['', 'файл'],
    ['   ', 'файл'],
    ['a/b/', 'b'],
    ['что?*.txt', 'что__.txt'],
    ['con', '_con'],
    ['NUL.tar.gz', '_NUL.tar.gz'],
    ['com1 .txt', '_com1.txt'],
    ['lpt¹.doc', '_lpt¹.doc'],
    ['console.txt', 'console.txt'],
    ['имя. . .', 'имя'],
    ['имя .pdf', 'имя.pdf'],
    ['фото\u202egpj.exe', 'фотоgpj.exe'],
    ['строка\nдва.txt', 'строкадва.txt'],
    ['.htaccess', '.htaccess'],
    ['e\u0308.txt', '\u00eb.txt'],
  ])('%j becomes %j', (original, expected) => {
    expect(safeFileName(original)).toBe(expected);
    expectSafe(expected);
  });

  it('keeps the extension of 300 emoji and cuts at a whole one', () => {
    const name = safeFileName(`${'😀'.repeat(300)}.jpeg`);
    expect(name).toBe(`${'😀'.repeat(28)}.jpeg`);
  });

  it('takes an over-long last part for words, not for an extension', () => {
    expect(extensionOf('Ответ от 12.05 по вопросу')).toBe('');
    expect(extensionOf(`a.${'x'.repeat(40)}`)).toBe('');
    expect(extensionOf('Справка.docx')).toBe('.docx');
    expect(extensionOf('.htaccess')).toBe('');
    expect(extensionOf('без точки')).toBe('');
  });

  it('makes anything safe, and a safe name stays', () => {
    fc.assert(
      fc.property(NASTY, (original) => {
        const name = safeFileName(original);
        expectSafe(name);
        expect(safeFileName(name)).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('createNameAllocator', () => {
  it('numbers names that Windows would take for one', () => {
    const allocate = createNameAllocator(['DocInfo.xml']);
    expect(['a.txt', 'A.TXT', 'a.txt', 'docinfo.XML', 'б', 'Б'].map(allocate)).toEqual([
      'a.txt',
      'A (2).TXT',
      'a (3).txt',
      'docinfo (2).XML',
      'б',
      'Б (2)',
    ]);
  });

  it('does not trip over a name that looks numbered', () => {
    const allocate = createNameAllocator();
    expect(['a (2).txt', 'a.txt', 'a.txt'].map(allocate)).toEqual(['a (2).txt', 'a.txt', 'a (3).txt']);
  });

  it('leaves room for the number in a long name', () => {
    const allocate = createNameAllocator();
    const long = `${'я'.repeat(200)}.pdf`;
    const names = Array.from({ length: 12 }, () => allocate(long));
    expect(new Set(names).size).toBe(12);
    for (const name of names) expectSafe(name);
    expect(names[11]).toMatch(/ \(12\)\.pdf$/);
  });

  it('gives safe names, all different without case, the same ones again', () => {
    fc.assert(
      fc.property(fc.array(NASTY, { maxLength: 12 }), (originals) => {
        const names = originals.map(createNameAllocator(['DocInfo.xml', 'Report.xml']));
        for (const name of names) expectSafe(name);
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
        expect(originals.map(createNameAllocator(['DocInfo.xml', 'Report.xml']))).toEqual(names);
      }),
      { numRuns: 300 },
    );
  });

  it('gives names that a real folder takes, inside itself', () => {
    const inside = join(folder, 'inside');
    fc.assert(
      fc.property(fc.array(NASTY, { minLength: 1, maxLength: 8 }), (originals) => {
        removeFolder(inside);
        mkdirSync(inside);
        const names = originals.map(createNameAllocator());
        for (const name of names) writeFileSync(join(inside, name), name);
        expect(readdirSync(inside).sort()).toEqual([...names].sort());
        expect(readdirSync(folder)).toEqual(['inside']);
      }),
      { numRuns: 60 },
    );
  });
});
