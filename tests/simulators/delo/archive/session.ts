import { randomUUID } from 'node:crypto';
import { parseStringPromise, processors } from 'xml2js';
import { page, type Reply } from './reply.ts';
import type { ArchiveState } from './state.ts';

const COOKIE = 'DELO_SID';
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const SERVICE = 'http://tempuri.org/';

/** Whether the request carries a session that is still open. */
export function isLoggedIn(state: ArchiveState, cookies: string | undefined): boolean {
  const sid = sidOf(cookies);
  return sid !== undefined && state.sessions.has(sid);
}

export function sidOf(cookies: string | undefined): string | undefined {
  return cookies
    ?.split(';')
    .map((part) => part.trim().split('='))
    .find(([name]) => name === COOKIE)?.[1];
}

/** `Services/ApiSession.asmx`, by SOAP or by the plain GET form; `rest` is what follows the path of the service. */
export async function serveSession(
  state: ArchiveState,
  call: {
    readonly method: string;
    readonly rest: string;
    readonly query: URLSearchParams;
    readonly body: string;
    readonly cookies: string | undefined;
  },
): Promise<Reply> {
  if (call.method === 'GET' && call.query.has('wsdl')) {
    return { status: 200, type: 'text/xml; charset=utf-8', text: wsdl() };
  }
  if (call.method === 'GET' && call.rest === '/Login') {
    const { query } = call;
    const args = { app: query.get('app'), username: query.get('username'), pass: query.get('pass') };
    const { result, headers } = logIn(state, args);
    return { ...plain(result), headers };
  }
  if (call.method === 'GET' && call.rest === '/Logoff') {
    logOff(state, call.cookies);
    return plain('');
  }
  if (call.method !== 'POST') return page(405, 'Method not allowed');
  const parsed = await operationOf(call.body);
  if (parsed?.name === 'Login') {
    const { result, headers } = logIn(state, parsed.args);
    return {
      ...envelope(`<LoginResponse xmlns="${SERVICE}"><LoginResult>${result}</LoginResult></LoginResponse>`),
      headers,
    };
  }
  if (parsed?.name === 'Logoff') {
    logOff(state, call.cookies);
    return envelope(`<LogoffResponse xmlns="${SERVICE}" />`);
  }
  return {
    ...envelope(
      '<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Unknown operation</faultstring></soap:Fault>',
    ),
    status: 500,
  };
}

/** A refused log-in, as it looks when a fault asks for one. */
export function refusedLogin(): Reply {
  return envelope(
    `<LoginResponse xmlns="${SERVICE}"><LoginResult>error: Неверное имя или пароль</LoginResult></LoginResponse>`,
  );
}

type Args = Readonly<Record<string, string | null | undefined>>;

function logIn(
  state: ArchiveState,
  args: Args,
): { result: string; headers: Record<string, readonly string[]> } {
  if (args['app'] !== 'api' || args['username'] !== state.user || args['pass'] !== state.password) {
    state.counters.refusedLogins += 1;
    return { result: 'error: Неверное имя или пароль', headers: {} };
  }
  state.counters.logins += 1;
  const sid = randomUUID();
  state.sessions.add(sid);
  return {
    result: 'ok',
    headers: { 'Set-Cookie': [`${COOKIE}=${sid}; path=/; HttpOnly`, 'ASP.NET_Lang=ru; path=/'] },
  };
}

function logOff(state: ArchiveState, cookies: string | undefined): void {
  const sid = sidOf(cookies);
  if (sid !== undefined) state.sessions.delete(sid);
  state.counters.logoffs += 1;
}

async function operationOf(body: string): Promise<{ name: string; args: Args } | undefined> {
  const root: unknown = await parseStringPromise(body, {
    explicitArray: false,
    ignoreAttrs: true,
    tagNameProcessors: [processors.stripPrefix],
  }).catch(() => undefined);
  const content = member(member(root, 'Envelope'), 'Body');
  if (typeof content !== 'object' || content === null) return undefined;
  const [name, args] = Object.entries(content)[0] ?? [];
  if (name === undefined) return undefined;
  return { name, args: typeof args === 'object' && args !== null ? (args as Args) : {} };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function plain(result: string): Reply {
  const text = `<?xml version="1.0" encoding="utf-8"?>\n<string xmlns="${SERVICE}">${result}</string>`;
  return { status: 200, type: 'text/xml; charset=utf-8', text };
}

function envelope(content: string): Reply {
  const text = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${SOAP}"><soap:Body>${content}</soap:Body></soap:Envelope>`;
  return { status: 200, type: 'text/xml; charset=utf-8', text };
}

function wsdl(): string {
  const string = (name: string) => `<s:element minOccurs="0" maxOccurs="1" name="${name}" type="s:string"/>`;
  const element = (name: string, fields: readonly string[]) =>
    `<s:element name="${name}"><s:complexType><s:sequence>${fields.map(string).join('')}</s:sequence></s:complexType></s:element>`;
  const message = (name: string, of: string) =>
    `<message name="${name}"><part name="parameters" element="tns:${of}"/></message>`;
  const operation = (name: string, inner: string) => `<operation name="${name}">${inner}</operation>`;
  const body = '<soap:body use="literal"/>';
  const operations = ['Login', 'Logoff'];
  return `<?xml version="1.0" encoding="utf-8"?>
<definitions targetNamespace="${SERVICE}" xmlns:tns="${SERVICE}" xmlns:s="http://www.w3.org/2001/XMLSchema"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns="http://schemas.xmlsoap.org/wsdl/">
<types><s:schema elementFormDefault="qualified" targetNamespace="${SERVICE}">
${element('Login', ['app', 'username', 'pass'])}${element('LoginResponse', ['LoginResult'])}
${element('Logoff', [])}${element('LogoffResponse', [])}
</s:schema></types>
${operations.map((name) => message(`${name}In`, name) + message(`${name}Out`, `${name}Response`)).join('\n')}
<portType name="ApiSessionSoap">${operations
    .map((name) => operation(name, `<input message="tns:${name}In"/><output message="tns:${name}Out"/>`))
    .join('')}</portType>
<binding name="ApiSessionSoap" type="tns:ApiSessionSoap"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>${operations
    .map((name) =>
      operation(
        name,
        `<soap:operation soapAction="${SERVICE}${name}" style="document"/><input>${body}</input><output>${body}</output>`,
      ),
    )
    .join('')}</binding>
<service name="ApiSession"><port name="ApiSessionSoap" binding="tns:ApiSessionSoap">
<soap:address location="http://127.0.0.1/Services/ApiSession.asmx"/></port></service>
</definitions>`;
}
