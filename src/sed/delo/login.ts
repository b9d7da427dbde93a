import { fileURLToPath } from 'node:url';
import type { IHttpClient } from 'soap';
import { z } from 'zod';
import { Fault } from '../../model/errors.ts';
import { statusFault } from './failure.ts';
import type { DeloHttp, HttpAnswer } from './http.ts';
import type { DeloMapping } from './mapping-schema.ts';

const WSDL = fileURLToPath(new URL('./api-session.wsdl', import.meta.url));

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Logs in by SOAP and returns the session's cookies, as a `Cookie` header holds them.
 * @throws Fault SED_ARCHIVE_CREDENTIALS_WRONG when ДЕЛО says so (HTTP 200 with `error:`, 401 or 403),
 *   SED_ARCHIVE_UNREACHABLE, SED_ARCHIVE_BAD_ANSWER
 */
export async function logIn(
  http: DeloHttp,
  mapping: DeloMapping,
  { user, password }: Credentials,
): Promise<string> {
  const { session } = mapping;
  const answer = await call(http, session.path, 'Login', {
    app: session.app,
    username: user,
    pass: password,
  });
  if (answer.text.includes(session.failureMark) || answer.status === 401 || answer.status === 403) {
    throw new Fault('SED_ARCHIVE_CREDENTIALS_WRONG', { detail: `код ответа ${answer.status}` });
  }
  if (answer.status !== 200) throw statusFault(answer);
  // A page of a proxy may be 200 and may set cookies; only the answer of the operation opens a session.
  if (!/<(\w+:)?LoginResponse[\s/>]/.test(answer.text) || answer.cookies.length === 0) {
    throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: 'вход: ответ без сеанса' });
  }
  return answer.cookies.join('; ');
}

/** Ends a session. @throws Fault */
export async function logOff(http: DeloHttp, mapping: DeloMapping, cookie: string): Promise<void> {
  await call(http, mapping.session.path, 'Logoff', {}, cookie);
}

const operation = z.custom<(args: unknown) => Promise<unknown>>((value) => typeof value === 'function');

/** Runs one operation of the service; the bare answer is kept beside what `soap` makes of it. */
async function call(
  http: DeloHttp,
  path: string,
  name: 'Login' | 'Logoff',
  args: Readonly<Record<string, string>>,
  cookie?: string,
): Promise<HttpAnswer> {
  let answer: HttpAnswer | undefined;
  let failure: unknown;
  const send = async (body: string, headers: Readonly<Record<string, string>>) => {
    answer = await http.exchange({
      method: 'POST',
      path,
      body,
      headers: { ...headers, ...(cookie !== undefined && { Cookie: cookie }) },
    });
    return answer;
  };
  const httpClient: IHttpClient = {
    request(_url, data, callback, headers) {
      const done = send(String(data), headers ?? {}).then(
        ({ status, text }) => callback(null, { status, headers: {}, data: text }, text),
        (error: unknown) => {
          failure = error;
          callback(error);
        },
      );
      return done as never;
    },
  };
  // Only now: a daemon without an archive is 15 MB smaller.
  const { createClientAsync } = await import('soap');
  const client = await createClientAsync(WSDL, { httpClient });
  try {
    await operation.parse(client[`${name}Async`]).call(client, args);
  } catch (error) {
    // What `soap` could not read is judged by the bare answer; its own error holds the request with the password.
    if (answer === undefined) {
      throw (
        failure ?? new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: 'вход: запрос не составлен', cause: error })
      );
    }
  }
  if (answer === undefined) throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: 'вход: нет ответа' });
  return answer;
}
