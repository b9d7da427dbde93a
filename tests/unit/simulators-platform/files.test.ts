import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generatedBytes, wholeOf } from '../../simulators/platform/bytes.ts';
import { parseRange } from '../../simulators/platform/file-routes.ts';
import type { PlatformSimulator } from '../../simulators/platform/index.ts';
import { parseMultipart } from '../../simulators/platform/multipart.ts';
import { access, download, jsonOf, OPA, OTHER, platformWithCabinets, upload } from './client.ts';

describe('files', () => {
  let platform: PlatformSimulator;
  let headers: Record<string, string>;
  beforeEach(async () => {
    platform = await platformWithCabinets({ maxFileBytes: 1000 });
    headers = await access(platform);
  });
  afterEach(() => platform.close());

  function stored(file: { name: string; content?: string; size?: number }): string {
    const posId = platform.addAppeal(OPA, { files: [file] });
    return platform.appeal(OPA, posId).attachments[0]?.fileId ?? '';
  }

  it('sends the bytes with their length and type, and 404 for what is not there', async () => {
    const fileId = stored({ name: 'письмо.pdf', content: 'содержание' });
    const response = await download(platform, headers, fileId);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('20');
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(await response.text()).toBe('содержание');
    expect((await download(platform, headers, 'f-0')).status).toBe(404);
    expect((await download(platform, await access(platform, OTHER), fileId)).status).toBe(404);
  });

  it('tells a true checksum', async () => {
    const posId = platform.addAppeal(OPA, { files: [{ name: 'a.txt', size: 200_000, sha256: true }] });
    const file = platform.appeal(OPA, posId).attachments[0];
    const bytes = Buffer.from(await (await download(platform, headers, file?.fileId ?? '')).arrayBuffer());
    expect(bytes).toHaveLength(200_000);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file?.sha256);
  });

  it('honours Range', async () => {
    const fileId = stored({ name: 'a.txt', content: '0123456789' });
    const part = await download(platform, headers, fileId, 'bytes=4-');
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 4-9/10',
      '456789',
    ]);
    const middle = await download(platform, headers, fileId, 'bytes=2-3');
    expect([middle.headers.get('content-length'), await middle.text()]).toEqual(['2', '23']);
    expect(await (await download(platform, headers, fileId, 'bytes=-3')).text()).toBe('789');
    const beyond = await download(platform, headers, fileId, 'bytes=10-');
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    expect((await download(platform, headers, fileId, 'lines=1-2')).status).toBe(200);
  });

  it('makes a big file up on the way, holding none of it', async () => {
    const size = 300 * 1024 * 1024;
    const fileId = stored({ name: 'видео.mp4', size });
    const before = process.memoryUsage().arrayBuffers;
    const response = await download(platform, headers, fileId);
    let got = 0;
    for await (const piece of response.body ?? []) got += piece.length;
    expect(got).toBe(size);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
    const tail = await download(platform, headers, fileId, `bytes=${size - 10}-`);
    expect((await tail.text()).length).toBe(10);
  });

  it('made-up bytes are the same from any place, and differ between files', () => {
    const size = 200_000;
    const source = generatedBytes('n1', size);
    const whole = wholeOf(source);
    expect(whole).toHaveLength(size);
    expect(wholeOf(generatedBytes('n2', size)).equals(whole)).toBe(false);
    expect(whole.subarray(0, 65_536).equals(whole.subarray(65_536, 131_072))).toBe(false);
    fc.assert(
      fc.property(fc.nat(size), fc.nat(size), (a, b) => {
        const part = Buffer.concat([...source.read(Math.min(a, b), Math.max(a, b))]);
        expect(part.equals(whole.subarray(Math.min(a, b), Math.max(a, b)))).toBe(true);
      }),
    );
  });

  it('takes a file up and gives it back', async () => {
    const response = await upload(platform, headers, 'ответ «да».txt', 'текст ответа');
    expect(response.status).toBe(200);
    const file = await jsonOf(response);
    expect(file).toMatchObject({ name: 'ответ «да».txt', size: 23, mimeType: 'text/plain' });
    expect(await (await download(platform, headers, String(file['id']))).text()).toBe('текст ответа');
    expect(platform.files(OPA)).toMatchObject([{ uploaded: true, size: 23 }]);
    expect(platform.fileContent(OPA, String(file['id'])).toString()).toBe('текст ответа');
  });

  it('refuses what is too large, of a forbidden type, or no file at all', async () => {
    expect((await upload(platform, headers, 'a.txt', 'x'.repeat(1001))).status).toBe(413);
    expect((await upload(platform, headers, 'a.txt', 'x'.repeat(200_000))).status).toBe(413);
    expect((await upload(platform, headers, 'a.exe', 'x')).status).toBe(415);
    const wrongField = await upload(platform, headers, 'a.txt', 'x', 'document');
    expect(wrongField.status).toBe(422);
    expect(await jsonOf(wrongField)).toMatchObject({ details: [{ field: 'file' }] });
    expect(platform.files(OPA)).toHaveLength(0);
  });

  it('reads ranges as HTTP has them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.nat(12_000), (length, from) => {
        const range = parseRange(`bytes=${from}-`, length);
        if (from >= length) expect(range).toBe('unsatisfiable');
        else expect(range).toEqual({ from, to: length });
      }),
    );
    expect(parseRange(undefined, 5)).toBe('none');
    expect(parseRange('bytes=0-1,3-4', 5)).toBe('none');
    expect(parseRange('bytes=3-1', 5)).toBe('none');
    expect(parseRange('bytes=-', 5)).toBe('none');
    expect(parseRange('bytes=-0', 5)).toBe('unsatisfiable');
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  });

  it('reads multipart bodies with any content, and none that are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(400), (content, cut) => {
        const head =
          '--B\r\nContent-Disposition: form-data; name="file"; filename="a;b.txt"\r\nContent-Type: text/plain\r\n\r\n';
        const body = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n--B--\r\n')]);
        const [part] = parseMultipart('multipart/form-data; boundary=B', body) ?? [];
        expect(part?.fileName).toBe('a;b.txt');
        expect(part?.content.equals(Buffer.from(content))).toBe(true);
        const short = body.subarray(0, Math.min(cut, body.length - 5));
        expect(parseMultipart('multipart/form-data; boundary=B', short)).toBeUndefined();
      }),
    );
    expect(parseMultipart('application/json', Buffer.from('{}'))).toBeUndefined();
    const starred = `--x\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''%D0%B0.txt\r\n\r\n1\r\n--x--`;
    expect(parseMultipart('multipart/form-data; boundary="x"', Buffer.from(starred))?.[0]?.fileName).toBe(
      'а.txt',
    );
  });
});
