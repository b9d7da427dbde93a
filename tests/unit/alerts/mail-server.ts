import type { AddressInfo, Server } from 'node:net';
import { setDefaultCACertificates } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { readMail } from '../../simulators/smtp/mime.ts';
import { selfSigned } from '../../support/self-signed.ts';

const { key, cert } = selfSigned();

/** Makes this process trust the test's own certificate. */
export function trustTestCertificate(): void {
  setDefaultCACertificates([cert]);
}

export interface GotMail {
  readonly to: readonly string[];
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly mails: GotMail[];
  /** Answers to RCPT TO by address; absent: taken. */
  readonly refusals: Map<string, number>;
  /** Answers to other steps, until taken away. */
  readonly say: { mailFrom?: number; data?: number };
  /** Runs when the text is there, before the answer. */
  onData: (() => Promise<void>) | undefined;
  connections(): number;
  close(): Promise<void>;
}

const opened: MailServer[] = [];

export async function closeMailServers(): Promise<void> {
  for (const server of opened.splice(0)) await server.close();
}

/** A real SMTP server on 127.0.0.1 with scripted answers. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  let connections = 0;
  const server: Omit<MailServer, 'port' | 'close'> = {
    mails: [],
    refusals: new Map(),
    say: {},
    onData: undefined,
    connections: () => connections,
  };
  const smtp = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 200,
    key,
    cert,
    onConnect(_session, done) {
      connections += 1;
      done();
    },
    onMailFrom(_address, _session, done) {
      done(answer(server.say.mailFrom));
    },
    onRcptTo({ address }, _session, done) {
      done(answer(server.refusals.get(address)));
    },
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const raw = Buffer.concat(pieces);
        const finish = async () => {
          const refused = answer(server.say.data);
          if (refused === null) {
            const text = raw.toString('utf8');
            server.mails.push({
              to: session.envelope.rcptTo.map(({ address }) => address),
              messageId: /^Message-ID: (.*)$/im.exec(text)?.[1]?.trim() ?? '',
              ...readMail(raw),
              raw: text,
              secure: session.secure,
              user: typeof session.user === 'string' ? session.user : undefined,
            });
          }
          await server.onData?.();
          done(refused);
        };
        finish().catch(() => done(answer(451)));
      });
    },
    ...options,
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => smtp.listen(port, '127.0.0.1', resolve));
  const net = smtp.server as unknown as Server;
  const whole: MailServer = Object.assign(server, {
    port: (net.address() as AddressInfo).port,
    close: () => new Promise<void>((resolve) => smtp.close(() => resolve())),
  });
  opened.push(whole);
  return whole;
}

function answer(code: number | undefined): Error | null {
  return code === undefined ? null : Object.assign(new Error('told so'), { responseCode: code });
}
