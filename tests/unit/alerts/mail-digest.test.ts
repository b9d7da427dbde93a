import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { renderDigest } from '../../../src/alerts/mail/digest.ts';
import { type MailBlock, renderBody } from '../../../src/alerts/mail/render.ts';
import { Fault } from '../../../src/model/errors.ts';

const log = pino({ level: 'silent' });

describe('a body', () => {
  const blocks: MailBlock[] = [
    { kind: 'heading', text: 'Раздел' },
    { kind: 'paragraph', text: 'Первая <строка>\nвторая & "кавычки"' },
    {
      kind: 'table',
      head: ['Код', 'Поле', 'Сколько'],
      rows: [
        ['A', '', '3'],
        ['B', 'oktmo', '1'],
      ],
    },
  ];

  it('says the same as text and as HTML', () => {
    const { text, html } = renderBody('Витрина', blocks);
    expect(text).toBe(
      [
        'Витрина',
        'Раздел\n------',
        'Первая <строка>\nвторая & "кавычки"',
        '* Код: A\n  Сколько: 3\n\n* Код: B\n  Поле: oktmo\n  Сколько: 1\n',
      ].join('\n\n'),
    );
    expect(html).toContain('<p>Первая &lt;строка&gt;<br>вторая &amp; &quot;кавычки&quot;</p>');
    expect(html).toContain('<html lang="ru">');
    expect(html.match(/<td/g)).toHaveLength(6);
  });

  it('lets no value become markup', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const evil = `<script>${a}</script>"'&${b}`;
        const { html } = renderBody(evil, [
          { kind: 'heading', text: evil },
          { kind: 'paragraph', text: evil },
          { kind: 'table', head: [evil], rows: [[evil]] },
        ]);
        expect(html).not.toContain('<script');
        expect(
          html.match(/<(?!\/?(html|head|meta|title|body|h1|h2|p|br|table|thead|tbody|tr|th|td)\b|!doctype)/g),
        ).toBeNull();
      }),
    );
  });
});

describe('a digest', () => {
  const good = {
    title: 'Хороший',
    render: async () => ({ blocks: [{ kind: 'paragraph' as const, text: 'Есть.' }] }),
  };

  it('goes though a section fails, and says which and why', async () => {
    const digest = await renderDigest(log, 'Сводка', [
      good,
      {
        title: 'Плохой',
        render: async () => {
          throw new Fault('DATABASE_UNREACHABLE', { detail: 'секрет' });
        },
      },
      {
        title: 'Сломанный',
        render: () => {
          throw new TypeError('x is not a function');
        },
      },
      { title: 'Пустой', render: async () => undefined },
      good,
    ]);
    expect(digest).toMatchObject({ filled: 2, failed: 2 });
    expect(digest.text).toContain('Плохой\n------\n\nЭтот раздел подготовить не удалось');
    expect(digest.text).toContain('(DATABASE_UNREACHABLE)');
    expect(digest.text).toContain('(DEFECT)');
    expect(digest.text).not.toContain('секрет');
    expect(digest.text).not.toContain('Пустой');
    expect(digest.text.match(/Есть\./g)).toHaveLength(2);
  });

  it('is empty when no section has anything to say', async () => {
    expect(
      await renderDigest(log, 'Сводка', [{ title: 'Пустой', render: async () => undefined }]),
    ).toMatchObject({
      filled: 0,
      failed: 0,
      attachments: [],
    });
  });

  it('carries the files of its sections', async () => {
    const file = { name: 'a.csv', type: 'text/csv', content: 'x' };
    const section = { title: 'С файлом', render: async () => ({ blocks: [], attachments: [file] }) };
    expect((await renderDigest(log, 'Сводка', [section, section])).attachments).toEqual([file, file]);
  });
});
