import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createAgenda } from '../../simulators/delo/exchange/agenda.ts';
import { createRandom, createScript } from '../../simulators/delo/exchange/behaviour.ts';
import { resourceNames } from '../../simulators/delo/sev/answer-xml.ts';
import { parseXml, textAt, XmlFault } from '../../simulators/delo/sev/parse.ts';
import { createClock } from '../../simulators/delo/sev/times.ts';
import { documentOf, el, textEl } from '../../simulators/delo/sev/xml.ts';
import { parseMultipart } from '../../simulators/delo/web/form.ts';
import { escapeHtml } from '../../simulators/delo/web/layout.ts';
import { docInfo, documentSpec } from './partner.ts';

afterEach(() => {
  jest.useRealTimers();
});

const SIMULATOR = join(import.meta.dirname, '..', '..', 'simulators', 'delo');

describe('independence', () => {
  it('nothing of the product is imported', async () => {
    const names = (await readdir(SIMULATOR, { recursive: true })).filter((name) => name.endsWith('.ts'));
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const text = await readFile(join(SIMULATOR, name), 'utf8');
      expect([name, /from '[^']*\/src\//.test(text)]).toEqual([name, false]);
      expect([name, text.includes('fast-xml-parser')]).toEqual([name, false]);
    }
  });
});

/** The character, or U+FFFD for what XML 1.0 forbids. */
function readable(character: string): string {
  const control = character < ' ' && !'\t\n\r'.includes(character);
  return control || character === '\uFFFE' || character === '\uFFFF' ? '\uFFFD' : character;
}

describe('XML', () => {
  it('whatever text is written is read again, but for what XML forbids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const root = parseXml(documentOf('Root', 'urn:x', textEl('Text', `|${text}|`)));
        const expected = Array.from(text.toWellFormed(), readable).join('');
        expect(textAt(root, 'Text')).toBe(`|${expected}|`);
      }),
    );
  });

  it('whatever is in an attribute is read again', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const root = parseXml(documentOf('Root', 'urn:x', el('A', { value: text })));
        expect(root.children[0]?.attributes.get('value')).toBe(text);
      }),
    );
  });

  it('a message cut anywhere is never taken for a whole one', () => {
    const whole = docInfo(documentSpec());
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(() => parseXml(whole.subarray(0, length))).toThrow(XmlFault);
      }),
    );
  });

  it.each([
    ['broken UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])],
    ['nothing', Buffer.from('')],
    ['a comment only', Buffer.from('<!-- x -->')],
    ['an undeclared entity', Buffer.from('<a>&b;</a>')],
  ])('%s is refused', (_what, bytes) => {
    expect(() => parseXml(bytes)).toThrow(XmlFault);
  });
});

describe('the clock', () => {
  it('writes days and times of its zone', () => {
    const at = new Date('2026-01-31T21:30:15.123Z');
    const moscow = createClock('Europe/Moscow');
    const yakutsk = createClock('Asia/Yakutsk');
    const west = createClock('America/St_Johns');
    expect(moscow.day(at)).toBe('2026-02-01');
    expect(moscow.local(at)).toBe('2026-02-01T00:30:15.123');
    expect(moscow.headerTime(at)).toBe('2026-02-01T00:30:15.1230000+03:00');
    expect(yakutsk.headerTime(at)).toBe('2026-02-01T06:30:15.1230000+09:00');
    expect(west.headerTime(at)).toBe('2026-01-31T18:00:15.1230000-03:30');
    expect(createClock('UTC').headerTime(at)).toBe('2026-01-31T21:30:15.1230000+00:00');
  });

  it('gives messages of one moment different times, in order', () => {
    const at = new Date('2026-01-31T21:30:15.123Z');
    const { headerTime } = createClock('Europe/Moscow');
    const times = Array.from({ length: 50 }, () => headerTime(at));
    expect(new Set(times).size).toBe(50);
    expect([...times].sort()).toEqual(times);
  });
});

describe('the agenda', () => {
  it('runs what is due, in order, whatever the order of asking', () => {
    jest.useFakeTimers();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 }), (delays) => {
        const agenda = createAgenda();
        const ran: number[] = [];
        for (const delay of delays) agenda.after(delay, () => ran.push(delay));
        expect(agenda.size).toBe(delays.length);
        jest.advanceTimersByTime(1010);
        expect(ran).toEqual([...delays].sort((one, other) => one - other));
        expect(agenda.size).toBe(0);
      }),
    );
  });

  it('keeps one timer only, and forgets on command', () => {
    jest.useFakeTimers();
    const agenda = createAgenda();
    const task = jest.fn();
    for (let delay = 0; delay < 100; delay += 1) agenda.after(delay, task);
    expect(jest.getTimerCount()).toBe(1);
    agenda.clear();
    jest.advanceTimersByTime(1000);
    expect(task).not.toHaveBeenCalled();
  });
});

describe('the script', () => {
  it('is the same under the same seed', () => {
    const draw = (seed: number) => Array.from({ length: 20 }, createRandom(seed));
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(draw(5).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('puts a channel before all, and the next messages before both', () => {
    const script = createScript(1, { takeDelayMs: 1 });
    script.always({ takeDelayMs: 2 }, 'a');
    script.next(2, { takeDelayMs: 3 }, 'a');
    const delays = (channel: string) => Array.from({ length: 3 }, () => script.incoming(channel).takeDelayMs);
    expect(delays('b')).toEqual([1, 1, 1]);
    expect(delays('a')).toEqual([3, 3, 2]);
  });

  it('counts messages that come and messages that go apart', () => {
    const script = createScript(1);
    script.next(1, { twice: 1, refuse: {} });
    expect(script.outgoing('a').twice).toBe(true);
    expect(script.incoming('a').refuse).toEqual({ code: 39, text: expect.any(String) });
    expect(script.outgoing('a').twice).toBe(false);
    expect(script.incoming('a')).not.toHaveProperty('refuse');
  });

  it('can take a refusal back', () => {
    const script = createScript(1, { refuse: {} });
    script.always({ refuse: false }, 'a');
    expect(script.incoming('a')).not.toHaveProperty('refuse');
    expect(script.incoming('b')).toHaveProperty('refuse');
  });
});

describe('names and forms', () => {
  it('files of an answer have plain names, no two alike', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 8 }), (names) => {
        const resources = resourceNames(names.map((name) => ({ name })));
        expect(new Set(resources.map((name) => name.toLowerCase())).size).toBe(names.length);
        for (const name of resources) expect(name).toMatch(/^[^/\\\0]+$/);
        expect(resources).not.toContain('..');
      }),
    );
  });

  it('a made-up name that is taken is made up again, a long one is cut before its extension', () => {
    expect(
      resourceNames(['a', '3_a', 'a', '..', `${'б'.repeat(300)}.pdf`].map((name) => ({ name }))),
    ).toEqual(['a', '3_a', '3_3_a', '_', `${'б'.repeat(80)}.pdf`]);
  });

  it('multipart gives back the bytes as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 20 }), (bytes, value) => {
        const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\n\r\n';
        const field = `\r\n--b\r\nContent-Disposition: form-data; name="v"\r\n\r\n${value}\r\n--b--\r\n`;
        const form = parseMultipart(Buffer.concat([Buffer.from(head), bytes, Buffer.from(field)]), 'b');
        expect(form.files).toEqual([{ field: 'f', name: 'x.bin', content: Buffer.from(bytes) }]);
        expect(form.fields.get('v')).toBe(value);
      }),
    );
  });

  it('multipart that is cut or strange gives what is whole', () => {
    expect(parseMultipart(Buffer.from('nothing'), 'b').fields.size).toBe(0);
    expect(parseMultipart(Buffer.from('--b\r\nno header\r\n--b--'), 'b').fields.size).toBe(0);
    expect(parseMultipart(Buffer.from('--b\r\nX: y\r\n\r\nz\r\n--b--'), 'b').fields.size).toBe(0);
  });

  it('HTML is escaped', () => {
    expect(escapeHtml(`<a href="x" title='y'>&</a>`)).toBe(
      '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
    );
  });
});
