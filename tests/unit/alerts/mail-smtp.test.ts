import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { addressOf, createMailTransport, type OutgoingMail } from '../../../src/alerts/mail/smtp.ts';
import type { SmtpConfig } from '../../../src/config/check-smtp.ts';
import { Fault } from '../../../src/model/errors.ts';
import { closeMailServers, startMailServer, trustTestCertificate } from './mail-server.ts';

beforeAll(trustTestCertificate);
afterEach(closeMailServers);

function smtp(port: number, more: Partial<SmtpConfig> = {}): SmtpConfig {
  return {
    host: '127.0.0.1',
    port,
    secure: false,
    requireTls: false,
    from: 'Посредник <posrednik@example.org>',
    to: ['admin@example.org'],
    ...more,
  };
}

function mail(more: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    messageId: '<0123@example.org>',
    subject: 'Витрина «main» не выгружена: длинная тема, которая занимает не одну строку заголовка',
    text: 'Строка первая.\n.строка с точкой\nстрока третья — конец.\n',
    html: '<p>Строка первая.</p>',
    attachments: [{ name: 'spisok.csv', type: 'text/csv; charset=utf-8', content: '\uFEFFКарточка;Код\r\n' }],
    to: ['a@example.org', 'b@example.org'],
    recipients: ['a@example.org', 'b@example.org'],
    createdAt: new Date('2026-02-03T04:05:06Z'),
    ...more,
  };
}

const send = (config: SmtpConfig, one = mail(), password: string | undefined = undefined) =>
  createMailTransport(config, async () => password).send(one);

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Fault)) throw new Error('expected a Fault', { cause: error });
  return error;
}

describe('a conversation', () => {
  it('brings subject, text, HTML and attachment in Russian, with the id and date it was given', async () => {
    const server = await startMailServer();
    expect(await send(smtp(server.port))).toEqual([
      { address: 'a@example.org', outcome: 'sent' },
      { address: 'b@example.org', outcome: 'sent' },
    ]);
    const [got] = server.mails;
    expect(got).toMatchObject({
      to: ['a@example.org', 'b@example.org'],
      messageId: '<0123@example.org>',
      subject: mail().subject,
      text: 'Строка первая.\n.строка с точкой\nстрока третья — конец.',
    });
    expect(got?.raw).toMatch(/^Content-Type: multipart\/mixed/m);
    expect(got?.raw).toMatch(/^Content-Type: text\/html; charset=utf-8/m);
    expect(got?.raw).toMatch(/filename="?spisok\.csv/);
    expect(got?.raw).toMatch(/^Date: Tue, 03 Feb 2026 04:05:06/m);
    expect(got?.raw).toMatch(/^Auto-Submitted: auto-generated/m);
  });

  it('goes over STARTTLS where the server offers it, and with a log-in', async () => {
    const server = await startMailServer({
      authOptional: false,
      onAuth: ({ username, password }, session, done) =>
        username === 'user' && password === 'secret' && session.secure
          ? done(null, { user: username })
          : done(Object.assign(new Error('no'), { responseCode: 535 })),
    });
    const config = smtp(server.port, { requireTls: true, user: 'user' });
    await send(config, mail(), 'secret');
    expect(server.mails[0]).toMatchObject({ secure: true, user: 'user' });
    const wrong = await faultOf(send(config, mail(), 'другой'));
    expect(wrong).toMatchObject({ code: 'SMTP_REFUSED', kind: 'rejected' });
    expect(wrong.detail).toContain('535');
    expect(server.mails).toHaveLength(1);
  });

  it('does not begin without STARTTLS where it is required', async () => {
    const server = await startMailServer({ disabledCommands: ['STARTTLS'] });
    const fault = await faultOf(send(smtp(server.port, { requireTls: true })));
    expect(fault.code).toBe('SMTP_REFUSED');
    expect(server.mails).toEqual([]);
  });

  it('is not held up by one recipient: 550 is never, 451 is later, the others get it', async () => {
    const server = await startMailServer();
    server.refusals.set('b@example.org', 550).set('c@example.org', 451);
    const people = ['a@example.org', 'b@example.org', 'c@example.org'];
    expect(await send(smtp(server.port), mail({ to: people, recipients: people }))).toEqual([
      { address: 'a@example.org', outcome: 'sent' },
      { address: 'b@example.org', outcome: 'refused', answer: 550 },
      { address: 'c@example.org', outcome: 'later', answer: 451 },
    ]);
    expect(server.mails[0]?.to).toEqual(['a@example.org']);
  });

  it('tells of each when all are turned away', async () => {
    const server = await startMailServer();
    server.refusals.set('a@example.org', 550).set('b@example.org', 451);
    expect(await send(smtp(server.port))).toEqual([
      { address: 'a@example.org', outcome: 'refused', answer: 550 },
      { address: 'b@example.org', outcome: 'later', answer: 451 },
    ]);
  });

  it('takes recipients with names', async () => {
    const server = await startMailServer();
    server.refusals.set('b@example.org', 550);
    const people = ['Анна <a@example.org>', 'Борис <B@example.org>'];
    server.refusals.set('B@example.org', 550);
    expect(await send(smtp(server.port), mail({ to: people, recipients: people }))).toEqual([
      { address: 'Анна <a@example.org>', outcome: 'sent' },
      { address: 'Борис <B@example.org>', outcome: 'refused', answer: 550 },
    ]);
  });

  it('whose text is refused for good ends for all; put off, it is the server’s trouble', async () => {
    const server = await startMailServer();
    server.say.data = 554;
    expect((await send(smtp(server.port))).map((one) => one.outcome)).toEqual(['refused', 'refused']);
    server.say.data = 452;
    expect(await faultOf(send(smtp(server.port)))).toMatchObject({ code: 'SMTP_UNREACHABLE' });
    delete server.say.data;
    server.say.mailFrom = 451;
    expect(await faultOf(send(smtp(server.port)))).toMatchObject({ code: 'SMTP_UNREACHABLE' });
    server.say.mailFrom = 550;
    expect(await faultOf(send(smtp(server.port)))).toMatchObject({ code: 'SMTP_REFUSED' });
  });

  it('with nobody at the port is SMTP_UNREACHABLE; cut by a stop, STOPPED', async () => {
    const server = await startMailServer();
    const { port } = server;
    const stop = new AbortController();
    server.onData = async () => {
      stop.abort();
      await new Promise((resolve) => setImmediate(resolve));
    };
    const cut = createMailTransport(smtp(port), async () => undefined).send(mail(), stop.signal);
    expect(await faultOf(cut)).toMatchObject({ code: 'STOPPED' });
    await closeMailServers();
    expect(await faultOf(send(smtp(port)))).toMatchObject({ code: 'SMTP_UNREACHABLE', kind: 'transient' });
  });

  it('never reads files or addresses that a text names', async () => {
    const server = await startMailServer();
    await send(smtp(server.port), mail({ text: '{"path":"/etc/passwd"}' }));
    expect(server.mails[0]?.text).toBe('{"path":"/etc/passwd"}');
  });
});

describe('an address', () => {
  it.each([
    ['a@b.c', 'a@b.c'],
    ['Имя Фамилия <a@b.c>', 'a@b.c'],
    [' <a@b.c> ', 'a@b.c'],
    ['"x <y@z.w>" <a@b.c>', 'a@b.c'],
  ])('%s is %s', (given, bare) => {
    expect(addressOf(given)).toBe(bare);
  });
});
