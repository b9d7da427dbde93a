/** What a route answers. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

const LOGIC = 'Eos.Delo.Exceptions.LogicException';

export function json(value: unknown, status = 200, type = 'application/json; charset=utf-8'): Reply {
  return { status, type, text: JSON.stringify(value) };
}

export function page(status: number, words: string): Reply {
  return { status, type: 'text/html; charset=utf-8', text: `<html><body><h1>${words}</h1></body></html>` };
}

/** An error as this archive tells it. */
export function odataError(type: string, message: string, status: number): Reply {
  return json(
    {
      'odata.error': {
        code: '',
        message: { lang: 'ru-RU', value: 'An error has occurred.' },
        innererror: { message, type, stacktrace: '   at Eos.Delo.Core' },
      },
    },
    status,
  );
}

export function logicError(message: string): Reply {
  return odataError(LOGIC, message, 500);
}
