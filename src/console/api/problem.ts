import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import { type Fault, toFault } from '../../model/errors.ts';
import { clientStatus, statusOf } from '../web/answers.ts';
import type { problem } from './schemas.ts';

type Problem = z.input<typeof problem>;

/** What a request is refused for before any of our functions has seen it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: Problem['errors'];

  constructor(status: number, code: ErrorCode, detail?: string, errors?: Problem['errors']) {
    super(code);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = errors;
  }
}

/** Any failure as RFC 9457: of a defect no word of its inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return make(error.status, error.code, error.detail, error.errors);
  const refused = clientStatus(error);
  if (refused === 429) return make(429, 'API_RATE_LIMITED');
  if (refused === 413) return make(413, 'API_REQUEST_INVALID', 'тело запроса больше разрешённого');
  if (refused === 415) return make(415, 'API_REQUEST_INVALID', 'тело запроса пишется как application/json');
  if (refused !== undefined) return make(refused, 'API_REQUEST_INVALID');
  return fromFault(toFault(error));
}

function fromFault(fault: Fault): Problem {
  const detail = fault.kind === 'defect' ? undefined : fault.detail;
  // A function of ours does not like what it was asked: its text speaks of the command line.
  if (fault.code === 'COMMAND_INVALID') return make(422, 'API_REQUEST_INVALID', detail);
  return make(statusOf(fault), fault.code, detail);
}

function make(status: number, code: ErrorCode, detail?: string, errors?: Problem['errors']): Problem {
  const { title, remedy, kind } = ERROR_CODES[code];
  return {
    type: `/api/docs#${code}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    code,
    kind,
    remedy,
    ...(errors === undefined ? {} : { errors }),
  };
}

/** Sends a problem as RFC 9457 wants it. */
export function sendProblem(reply: FastifyReply, given: Problem) {
  if (given.status === 401) reply.header('www-authenticate', 'Bearer realm="posrednik"');
  return reply
    .code(given.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(given));
}
