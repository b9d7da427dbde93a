import { readFile } from 'node:fs/promises';
import axios from 'axios';
import { z } from 'zod';
import { isKnownCode } from '../model/code-entry.ts';
import { Fault } from '../model/errors.ts';
import { thrown } from '../store/thrown.ts';

export interface ApiCall<A> {
  readonly method: 'GET' | 'POST';
  /** Under `/api/v1`, its parts encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** 30 s unless told. */
  readonly timeoutMs?: number;
  /** What is read of the answer. */
  readonly answer: z.ZodType<A>;
}

const TIMEOUT_MS = 30_000;
const LARGEST_ANSWER = 32 * 1024 * 1024;

const problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ at: z.string(), detail: z.string() })).optional(),
});

/**
 * Calls a daemon's API for a command, with the token of POSREDNIK_API_TOKEN or POSREDNIK_API_TOKEN_FILE.
 * @throws Fault of the code that the daemon gave; API_UNREACHABLE; COMMAND_INVALID without a token or with a wrong address
 */
export async function callApi<A>(base: string, call: ApiCall<A>): Promise<A> {
  if (!/^https?:$/.test(URL.canParse(base) ? new URL(base).protocol : '')) {
    throw new Fault('COMMAND_INVALID', {
      detail: '--api: напишите адрес целиком, например https://posrednik.example.ru',
      field: '--api',
    });
  }
  const token = await readToken();
  const answer = await axios
    .request<string>({
      method: call.method,
      url: `${base.replace(/\/+$/, '')}/api/v1${call.path}`,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      timeout: call.timeoutMs ?? TIMEOUT_MS,
      maxContentLength: LARGEST_ANSWER,
      // A redirect would take the token elsewhere.
      maxRedirects: 0,
      responseType: 'text',
      transformResponse: (text: string) => text,
      validateStatus: () => true,
      ...(call.query === undefined ? {} : { params: call.query }),
      ...(call.body === undefined ? {} : { data: call.body }),
    })
    .catch((error: unknown) => {
      throw new Fault('API_UNREACHABLE', { detail: thrown(error).code || 'нет ответа', cause: error });
    });
  const given = parse(answer.data);
  if (answer.status !== 200) throw refusal(answer.status, given);
  const read = call.answer.safeParse(given);
  if (read.success) return read.data;
  throw new Fault('API_UNREACHABLE', { detail: 'ответ не похож на ответ посредника' });
}

function refusal(status: number, given: unknown): Fault {
  const read = problem.safeParse(given);
  const code = read.data?.code ?? '';
  if (!read.success || !isKnownCode(code)) {
    return new Fault('API_UNREACHABLE', { detail: `HTTP ${status}` });
  }
  const { detail, errors = [] } = read.data;
  const words = [
    ...(detail === undefined ? [] : [detail]),
    ...errors.map((one) => `${one.at}: ${one.detail}`),
  ];
  return new Fault(code, words.length === 0 ? {} : { detail: words.join('; ') });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function readToken(): Promise<string> {
  const { POSREDNIK_API_TOKEN: given, POSREDNIK_API_TOKEN_FILE: file } = process.env;
  if (given !== undefined && given.trim() !== '') return given.trim();
  if (file === undefined) {
    throw new Fault('COMMAND_INVALID', {
      detail:
        'нужен токен: переменная POSREDNIK_API_TOKEN или POSREDNIK_API_TOKEN_FILE; его выдаёт «token add»',
    });
  }
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new Fault('SECRET_UNREADABLE', {
      detail: `POSREDNIK_API_TOKEN_FILE: ${thrown(error).code}`,
      cause: error,
    });
  }
}
