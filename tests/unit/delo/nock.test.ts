import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import nock from 'nock';
import { driverFor, faultOf } from './support.ts';

const BASE = 'http://delo.test';
const LOGGED_IN = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<LoginResponse xmlns="http://tempuri.org/"><LoginResult>0</LoginResult></LoginResponse></s:Body></s:Envelope>`;

afterEach(() => {
  nock.abortPendingRequests();
  nock.cleanAll();
});

// Else the next test file of this process finds its connections in the hands of this one's mocks.
afterAll(() => nock.restore());

interface Seen {
  body?: unknown;
  headers: Record<string, string>;
}

/** Notes headers as they are matched; every value is taken. */
function noting(seen: Seen, names: readonly string[]): Record<string, (value: string | null) => boolean> {
  const note = (name: string) => (value: string | null) => {
    seen.headers[name] = value ?? '';
    return true;
  };
  return Object.fromEntries(names.map((name) => [name, note(name)]));
}

function logIn(cookies: readonly string[] = ['SID=abc; path=/; HttpOnly', 'LANG=ru']): Seen {
  const seen: Seen = { headers: {} };
  nock(BASE, { reqheaders: noting(seen, ['soapaction']) })
    .post('/delo/Services/ApiSession.asmx', (body: unknown) => {
      seen.body = body;
      return true;
    })
    .reply(200, LOGGED_IN, { 'Content-Type': 'text/xml', 'Set-Cookie': [...cookies] });
  return seen;
}

describe('what goes over the wire', () => {
  it('the log-in, and a read with its cookies and media types', async () => {
    const seen = logIn();
    const read: Seen = { headers: {} };
    nock(BASE, { reqheaders: noting(read, ['cookie', 'accept', 'maxdataserviceversion']) })
      .get('/delo/CoreHost/OData/DEPARTMENT')
      .query({ criteries: '{"CARD_FLAG":"1"}', $orderby: 'DUE', $top: '100', $format: 'compact' })
      .reply(200, '\ufeff{"$TotalRecords":1,"value":[{"DUE":"0.1.","CARD_FLAG":1,"CARD_NAME":"Первая"}]}');
    const archive = driverFor(`${BASE}/delo/`);
    expect(await archive.cardfiles()).toEqual([{ due: '0.1.', name: 'Первая' }]);
    expect(seen.headers['soapaction']).toBe('"http://tempuri.org/Login"');
    expect(seen.body).toMatch(
      /<Login xmlns="http:\/\/tempuri\.org\/"><app>api<\/app><username>posrednik<\/username><pass>secret<\/pass>/,
    );
    expect(read.headers).toEqual({
      cookie: 'SID=abc; LANG=ru',
      accept: 'application/json;odata=light;q=1,application/json;odata=minimalmetadata',
      maxdataserviceversion: '3.0',
    });
  });

  it('a log-in that sets no cookie, or is answered by another page, opens no session', async () => {
    logIn([]);
    expect((await faultOf(driverFor(`${BASE}/delo`).cardfiles())).code).toBe('SED_ARCHIVE_BAD_ANSWER');
    nock(BASE)
      .post('/delo/Services/ApiSession.asmx')
      .reply(200, '<html>Вход через портал</html>', { 'Set-Cookie': ['SID=1'] });
    const fault = await faultOf(driverFor(`${BASE}/delo`).cardfiles());
    expect([fault.code, fault.detail]).toEqual(['SED_ARCHIVE_BAD_ANSWER', 'вход: ответ без сеанса']);
  });

  it('a redirect is not followed', async () => {
    logIn();
    nock(BASE).get(/OData/).reply(302, '', { Location: 'http://elsewhere.test/login' });
    expect((await faultOf(driverFor(`${BASE}/delo`).cardfiles())).detail).toBe('код ответа 302');
  });

  it('an archive that neither heeds a range nor an order is found out', async () => {
    const dictionaries = () => {
      logIn();
      nock(BASE)
        .get(/RUBRIC_CL/)
        .reply(200, '[{"DUE":"0.","RUBRIC_CODE":"1"}]');
      nock(BASE)
        .get(/DOCGROUP_CL/)
        .reply(200, '[{"DUE":"0.2.","RC_TYPE":2}]');
      nock(BASE)
        .get(/AR_DESCRIPT/)
        .reply(200, '[{"UI_NAME":"Номер ПОС","API_NAME":"POS"}]');
      // A list that is not told to have ended is asked for once more.
      nock(BASE).get(/skip/).times(3).reply(200, '[]');
    };
    const record = (isn: number) => ({ ISN_DOC: isn, DUE_CARD: '0.1.' });
    const read = async () => {
      for await (const _page of driverFor(`${BASE}/delo`).cards({ cardfiles: ['0.1.'] }));
    };
    dictionaries();
    nock(BASE)
      .get(/DOC_RC/)
      .reply(200, JSON.stringify({ $TotalRecords: 9, value: [record(2), record(1)] }));
    expect((await faultOf(read())).detail).toBe('записи идут не по порядку ISN');
    nock.cleanAll();
    dictionaries();
    nock(BASE)
      .get(/DOC_RC/)
      .times(2)
      .reply(200, JSON.stringify({ $TotalRecords: 9, value: [record(1), record(2)] }));
    expect((await faultOf(read())).detail).toContain('odata.paging: skip');
  });
});
