import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { readMail } from './mime.ts';

/** A mail that came, as the catcher keeps and serves it. */
export interface CaughtMail {
  readonly id: number;
  readonly receivedAt: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The whole mail as sent. */
  readonly raw: string;
}

export interface SmtpOptions {
  /** SMTP port; 0 = any free one. */
  readonly port?: number;
  /** When given, only this log-in may send. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** A mail server that delivers nothing. */
export interface SmtpSimulator {
  readonly host: string;
  readonly port: number;
  /** `GET {url}/api/mails` gives all mails, oldest first; `DELETE` forgets them. */
  readonly url: string;
  mails(): readonly CaughtMail[];
  /** From now on every mail is turned away with this answer, e.g. 451; `undefined` takes mails again. */
  refuse(code: number | undefined): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts a mail catcher on 127.0.0.1: SMTP on one port, what it caught as JSON over HTTP on another. */
export async function startSmtp(options: SmtpOptions = {}): Promise<SmtpSimulator> {
  const mails: CaughtMail[] = [];
  let refusal: number | undefined;
  let lastId = 0;
  const { login } = options;
  const smtp = new SMTPServer({
    authOptional: login === undefined,
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    disableReverseLookup: true,
    closeTimeout: 500,
    onAuth(auth, _session, done) {
      const right = login !== undefined && auth.username === login.user && auth.password === login.password;
      if (right) done(null, { user: auth.username });
      else done(answer(535, 'wrong user or password'));
    },
    onMailFrom(_address, _session, done) {
      done(refusal === undefined ? null : answer(refusal, 'told to refuse'));
    },
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const raw = Buffer.concat(pieces);
        const { mailFrom, rcptTo } = session.envelope;
        lastId += 1;
        mails.push({
          id: lastId,
          receivedAt: new Date().toISOString(),
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map((recipient) => recipient.address),
          ...readMail(raw),
          raw: raw.toString('utf8'),
        });
        done();
      });
    },
  });
  // A client that leaves in the middle of a mail is its own trouble.
  smtp.on('error', () => undefined);
  const web = createServer((request, response) => {
    const known = request.url === '/api/mails' && (request.method === 'GET' || request.method === 'DELETE');
    if (known && request.method === 'DELETE') mails.length = 0;
    response.writeHead(known ? 200 : 404, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(known ? mails : { error: 'not_found' }));
  });
  const port = await listen(smtp.server as Server, (done) => smtp.listen(options.port ?? 0, HOST, done));
  const webPort = await listen(web, (done) => web.listen(0, HOST, done));
  return {
    host: HOST,
    port,
    url: `http://${HOST}:${webPort}`,
    mails: () => [...mails],
    refuse(code) {
      refusal = code;
    },
    async close() {
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
      await new Promise<void>((resolve) => {
        web.close(() => resolve());
        web.closeAllConnections();
      });
    },
  };
}

function answer(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

async function listen(server: Server, start: (done: () => void) => void): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    start(resolve);
  });
  return (server.address() as AddressInfo).port;
}
