import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { checkSmtp, type SmtpConfig, smtpFault } from '../../../src/config/check-smtp.ts';
import { Fault } from '../../../src/model/errors.ts';
import { rejection } from './helpers.ts';

const PASSWORD = 'Pochta-Tajna';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function smtpServer(options: SMTPServerOptions): Promise<number> {
  const server = new SMTPServer({ logger: false, ...options });
  server.on('error', () => undefined);
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return await listen(server.server);
}

async function rawServer(greeting: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(greeting);
  });
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return await listen(server);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function smtp(port: number, more: Partial<SmtpConfig> = {}): SmtpConfig {
  return {
    host: '127.0.0.1',
    port,
    secure: false,
    requireTls: false,
    from: 'a@b.ru',
    to: ['c@d.ru'],
    ...more,
  };
}

const password = async () => PASSWORD;

describe('checkSmtp', () => {
  it('logs in with the password read for it', async () => {
    const logins: string[] = [];
    const port = await smtpServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (auth, _session, done) => {
        logins.push(`${auth.username}/${auth.password}`);
        done(null, { user: 1 });
      },
    });
    await checkSmtp(smtp(port, { user: 'robot' }), password);
    expect(logins).toEqual([`robot/${PASSWORD}`]);
  });

  it('greets without log-in when no user is set, and reads no password', async () => {
    const port = await smtpServer({ disabledCommands: ['STARTTLS', 'AUTH'] });
    const unread = () => Promise.reject(new Error('not to be read'));
    await expect(checkSmtp(smtp(port), unread)).resolves.toBeUndefined();
  });

  it('names a refused log-in, showing neither password nor the words of the server', async () => {
    const port = await smtpServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(new Error(`no robot with ${PASSWORD}`)),
    });
    const error = await rejection(checkSmtp(smtp(port, { user: 'robot' }), password));
    expect(error).toMatchObject({ code: 'SMTP_REFUSED', detail: 'EAUTH, ответ 535' });
    expect(String(error)).not.toContain(PASSWORD);
  });

  it('names a server that is not there, one that hangs up, and one that has no time', async () => {
    const gone = await rawServer('');
    const busy = await rawServer('421 try later\r\n');
    const closed = await rejection(checkSmtp(smtp(1), password));
    expect(closed).toMatchObject({ code: 'SMTP_UNREACHABLE', kind: 'transient' });
    expect(await rejection(checkSmtp(smtp(gone), password))).toMatchObject({ code: 'SMTP_UNREACHABLE' });
    expect(await rejection(checkSmtp(smtp(busy), password))).toMatchObject({ code: 'SMTP_UNREACHABLE' });
  });

  it('names a server that speaks no TLS, or not one to be trusted', async () => {
    const bare = await smtpServer({ disabledCommands: ['STARTTLS', 'AUTH'] });
    const noStartTls = await rejection(checkSmtp(smtp(bare, { requireTls: true }), password));
    expect(noStartTls).toMatchObject({ code: 'SMTP_REFUSED', detail: expect.stringContaining('requireTls') });
    // smtp-server brings a certificate of its own that nobody signed.
    const unsigned = await smtpServer({ secure: true });
    const untrusted = await rejection(checkSmtp(smtp(unsigned, { secure: true }), password));
    expect(untrusted).toMatchObject({ code: 'SMTP_REFUSED', detail: expect.stringContaining('сертификат') });
  });

  it('passes on why the password could not be read, and connects nowhere', async () => {
    const unreadable = new Fault('SECRET_UNREADABLE', { detail: 'файл /x: его нет' });
    const error = await rejection(checkSmtp(smtp(1, { user: 'u' }), () => Promise.reject(unreadable)));
    expect(error).toBe(unreadable);
  });
});

describe('smtpFault', () => {
  it.each([
    [{ code: 'ETIMEDOUT' }, 'SMTP_UNREACHABLE'],
    [{ code: 'EDNS' }, 'SMTP_UNREACHABLE'],
    [{ code: 'EPROTOCOL', responseCode: 451 }, 'SMTP_UNREACHABLE'],
    [{ code: 'EAUTH', responseCode: 454 }, 'SMTP_UNREACHABLE'],
    [{ code: 'EPROTOCOL', responseCode: 554 }, 'SMTP_REFUSED'],
    [{ code: 'EENVELOPE', responseCode: 550 }, 'SMTP_REFUSED'],
    [{ code: 'ECONFIG' }, 'SMTP_REFUSED'],
    [{}, 'SMTP_UNREACHABLE'],
    ['nonsense', 'SMTP_UNREACHABLE'],
    [undefined, 'SMTP_UNREACHABLE'],
  ])('%j → %s', (thrown, code) => {
    expect(smtpFault(thrown).code).toBe(code);
  });
});
