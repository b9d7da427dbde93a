import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTransport } from 'nodemailer';
import { type CaughtMail, type SmtpSimulator, startSmtp } from '../../simulators/smtp/index.ts';
import { decodeWords, readMail } from '../../simulators/smtp/mime.ts';

const LOGIN = { user: 'posrednik', password: 'тайна' };
let smtp: SmtpSimulator;

beforeEach(async () => {
  smtp = await startSmtp({ login: LOGIN });
});
afterEach(() => smtp.close());

async function send(message: { subject: string; text: string; html?: string }, password = LOGIN.password) {
  const { host, port } = smtp;
  const transport = createTransport({
    host,
    port,
    secure: false,
    auth: { user: LOGIN.user, pass: password },
  });
  try {
    await transport.sendMail({
      from: 'a@example.test',
      to: ['b@example.test', 'c@example.test'],
      ...message,
    });
  } finally {
    transport.close();
  }
}

describe('the mail catcher', () => {
  it('keeps what came, readable, and gives it out by its interface', async () => {
    await send({
      subject: 'Кабинет «gorod» остановлен: неверный пароль, проверьте настройки',
      text: 'Что делать:\n1. …',
    });
    await send({ subject: 'Second', text: 'Текст', html: '<p>Разметка</p>' });
    const reply = await fetch(`${smtp.url}/api/mails`);
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const mails = (await reply.json()) as CaughtMail[];
    expect(mails).toEqual(smtp.mails());
    expect(mails).toMatchObject([
      {
        id: 1,
        from: 'a@example.test',
        to: ['b@example.test', 'c@example.test'],
        subject: 'Кабинет «gorod» остановлен: неверный пароль, проверьте настройки',
        text: 'Что делать:\n1. …',
      },
      { id: 2, subject: 'Second', text: 'Текст' },
    ]);
    await fetch(`${smtp.url}/api/mails`, { method: 'DELETE' });
    expect(smtp.mails()).toEqual([]);
    expect((await fetch(`${smtp.url}/other`)).status).toBe(404);
  });

  it('takes nothing from one who does not know the password', async () => {
    await expect(send({ subject: 's', text: 't' }, 'wrong')).rejects.toMatchObject({ responseCode: 535 });
    expect(smtp.mails()).toEqual([]);
  });

  it('turns mails away when told, and takes them again', async () => {
    smtp.refuse(451);
    await expect(send({ subject: 's', text: 't' })).rejects.toMatchObject({ responseCode: 451 });
    smtp.refuse(undefined);
    await send({ subject: 's', text: 't' });
    expect(smtp.mails()).toHaveLength(1);
  });
});

describe('reading a mail', () => {
  it('gives back any subject that was encoded in pieces, wherever the cut fell', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !/[\r\n\s=?]/.test(value));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (subject, size) => {
        const bytes = Buffer.from(subject);
        const words: string[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          words.push(`=?utf-8?B?${bytes.subarray(at, at + size).toString('base64')}?=`);
        }
        expect(decodeWords(words.join(' '))).toBe(subject.toWellFormed());
      }),
    );
  });

  it.each([
    ['=?UTF-8?Q?=D0=9F=D0=BE=D1=81_1?= plain', 'Пос 1 plain'],
    ['=?koi8-r?B?8NLJ18XU?=', 'Привет'],
    ['=?unknown-8bit?B?0J/QvtGB?=', 'Пос'],
    ['no words = here?', 'no words = here?'],
  ])('decodes %s', (encoded, decoded) => {
    expect(decodeWords(encoded)).toBe(decoded);
  });

  it('reads quoted-printable, nested parts and a mail without any text', () => {
    const inner =
      'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=D0=94=D0=\r\n=B0\r\n';
    const alternative = `Content-Type: multipart/alternative; boundary="in"\r\n\r\n--in\r\n${inner}--in--\r\n`;
    const mixed = `Subject: a\r\n b\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n${alternative}--out--\r\n`;
    expect(readMail(Buffer.from(mixed))).toEqual({ subject: 'a b', text: 'Да' });
    const picture = 'Content-Type: image/png\r\n\r\nx';
    expect(readMail(Buffer.from(picture))).toEqual({ subject: '', text: '' });
  });
});
