import type { PlatformControl } from './simulator.ts';

type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};

/** The platform's handles over HTTP; `fileContent` comes as base64 text there. */
export type RemotePlatform = Remote<Omit<PlatformControl, 'fileContent'>> & {
  fileContent(opaId: string, fileId: string): Promise<string>;
};

async function call(url: string, operation: string, args: unknown[]): Promise<unknown> {
  const response = await fetch(`${url}/_control/${operation}`, {
    method: 'POST',
    body: JSON.stringify(args),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null)
    throw new Error('the control interface answered nonsense');
  if ('error' in answer) throw new Error(String(answer.error));
  return 'result' in answer ? answer.result : undefined;
}

/** Handles of a platform in another process, by the address that it printed. */
export function connectPlatform(url: string): RemotePlatform {
  const base = url.replace(/\/$/, '');
  return new Proxy({} as RemotePlatform, {
    get(_target, operation) {
      // `then` must stay absent, or awaiting the handles would call the platform.
      if (typeof operation !== 'string' || operation === 'then') return undefined;
      return (...args: unknown[]) => call(base, operation, args);
    },
  });
}
