import { Readable } from 'node:stream';
import { afterEach } from '@jest/globals';
import type { AnswerPayload, StatusPayload } from '../../../src/model/delivery.ts';
import type { Platform, PlatformReplies, UploadSource } from '../../../src/platform/port.ts';
import { createRestPlatform } from '../../../src/platform/rest/index.ts';
import {
  type Handler,
  mapping,
  type PlatformSettings,
  startWithLogin,
  type TinyServer,
  TOKEN_PATH,
} from './support.ts';

export type WholePlatform = Platform & PlatformReplies;

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Closes it when the test is over. */
export function closing(close: () => Promise<void>): void {
  open.unshift(close);
}

/** The driver with its writing half, with short times. */
export function repliesAt(baseUrl: string, settings: PlatformSettings = {}): WholePlatform {
  const platform = createRestPlatform({
    baseUrl,
    mapping,
    timeoutMs: 5000,
    idleTimeoutMs: 5000,
    tokenScope: 'sed',
    repeatDelayMs: 1,
    ...settings,
  });
  closing(() => platform.close());
  return platform;
}

/** The driver against a tiny server that lets everybody in. */
export async function withReplies(
  handler: Handler,
  settings: PlatformSettings = {},
): Promise<[WholePlatform, TinyServer]> {
  const server = await startWithLogin(handler);
  closing(server.close);
  return [repliesAt(server.url, settings), server];
}

/** Requests but log-ins. */
export function callsOf(server: TinyServer): string[] {
  return server.seen.filter((one) => one.path !== TOKEN_PATH).map((one) => `${one.method} ${one.path}`);
}

export function logInsOf(server: TinyServer): number {
  return server.paths().filter((path) => path === TOKEN_PATH).length;
}

export const APPEAL_PATH = '/appeal-service/sed/appeals/374299901';
export const STATUSES = `POST ${APPEAL_PATH}/statuses`;
export const ANSWERS = `POST ${APPEAL_PATH}/answers`;
export const UPLOADS = 'POST /inbox-service/filestorage';

export function status(more: Partial<StatusPayload> = {}): StatusPayload {
  return { kind: 'status', role: 'takeToWork', at: '2026-03-02T09:00:00+09:00', ...more };
}

export function answer(more: Partial<AnswerPayload> = {}): AnswerPayload {
  return {
    kind: 'answer',
    answerType: 'SOLVED',
    comment: 'Яма заделана.\nСпасибо за обращение.',
    number: '01-12/345',
    date: '2026-03-20',
    signer: { surname: 'Петров', name: 'Пётр', patronymic: 'Петрович', position: 'Глава' },
    ...more,
  };
}

/** A source of these bytes; `opened` counts how often it was opened. */
export function source(
  content: string | Buffer,
  more: Partial<UploadSource> = {},
): UploadSource & { opened(): number } {
  const bytes = Buffer.from(content);
  let opened = 0;
  return {
    name: 'Ответ.pdf',
    mimeType: 'application/pdf',
    size: bytes.length,
    open() {
      opened += 1;
      return Readable.from([bytes], { objectMode: false });
    },
    opened: () => opened,
    ...more,
  };
}
