import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { answerLimits } from '../../../src/platform/rest/index.ts';
import { extensionOf, sizeWords } from '../../../src/platform/rest/limits.ts';
import { fileNameOnWire, multipartFile } from '../../../src/platform/rest/multipart.ts';
import { parseMultipart } from '../../simulators/platform/multipart.ts';
import { source } from './replies-support.ts';
import { anyText, mapping } from './support.ts';

const MB = 1024 ** 2;

describe('file names in multipart/form-data', () => {
  async function sent(name: string, content = Buffer.from('%PDF')): Promise<[string, Buffer]> {
    const body = multipartFile('file', { ...source(content), name }, 1000);
    const bytes = await buffer(body.open(() => undefined));
    expect(bytes.length).toBe(body.length);
    return [body.contentType, bytes];
  }

  it.each([
    ['Ответ № 5 (копия).pdf', 'Ответ № 5 (копия).pdf'],
    ['a"b.pdf', 'a%22b.pdf'],
    ['a\r\nX: 1.pdf', 'a%0D%0AX: 1.pdf'],
    ['C:\\docs\\a.pdf', 'C:_docs_a.pdf'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['и\u0306.pdf', 'й.pdf'],
    ['a\u0000\uD800.pdf', 'a\uFFFD\uFFFD.pdf'],
    ['😀.pdf', '😀.pdf'],
    ['', 'file'],
  ])('%j stands as %s', (name, wire) => expect(fileNameOnWire(name)).toBe(wire));

  it('two readers that know nothing of us find name and bytes, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.uint8Array({ maxLength: 300 }), async (name, content) => {
        const [type, bytes] = await sent(name, Buffer.from(content));
        const expected = undoEscapes(fileNameOnWire(name));
        const form = await new Response(bytes, { headers: { 'Content-Type': type } }).formData();
        const [entry, ...more] = form.getAll('file');
        if (entry === undefined || typeof entry === 'string') throw new Error('no file in the form');
        expect([more.length, entry.name]).toEqual([0, expected]);
        expect(Buffer.from(await entry.arrayBuffer()).equals(Buffer.from(content))).toBe(true);
        const [part, ...others] = parseMultipart(type, bytes) ?? [];
        expect([others.length, part?.content.equals(Buffer.from(content))]).toEqual([0, true]);
        expect(part?.fileName?.replace(/%0D/g, '\r').replace(/%0A/g, '\n')).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('a file that holds our own lines cannot end the part', async () => {
    const [firstType] = await sent('a.pdf');
    const boundary = firstType.split('boundary=')[1] ?? '';
    const content = Buffer.from(`\r\n--${boundary}--\r\n`);
    const [type, bytes] = await sent('a.pdf', content);
    expect(type).not.toBe(firstType);
    expect(parseMultipart(type, bytes)?.[0]?.content.equals(content)).toBe(true);
  });

  /** The three escapes that browsers make and servers undo. */
  function undoEscapes(name: string): string {
    return name.replace(/%22/g, '"').replace(/%0D/g, '\r').replace(/%0A/g, '\n');
  }
});

describe('limits', () => {
  it('of an answer, as the mapping tells them', () => {
    const limits = answerLimits(mapping);
    expect([limits.maxFiles, limits.maxFileBytes]).toEqual([10, 50 * MB]);
    expect(limits.types.has('pdf')).toBe(true);
    expect(limits.types.has('exe')).toBe(false);
    const odd = { ...mapping, limits: { ...mapping.limits, answerFiles: 3, uploadTypes: { '.PDF': 'a/b' } } };
    expect(answerLimits(odd)).toMatchObject({ maxFiles: 3, types: new Set(['pdf']) });
  });

  it.each([
    ['a.PDF', 'pdf'],
    ['a.tar.gz', 'gz'],
    ['a', ''],
    ['.pdf', 'pdf'],
    ['a.', ''],
  ])('%s is of type «%s»', (name, type) => expect(extensionOf(name)).toBe(type));

  it.each([
    [0, '0 Б'],
    [1023, '1023 Б'],
    [1536, '1,5 КБ'],
    [50 * MB, '50 МБ'],
    [50 * MB - 1, '49,9 МБ'],
  ])('%p bytes are %s', (bytes, words) => expect(sizeWords(bytes)).toBe(words));
});
