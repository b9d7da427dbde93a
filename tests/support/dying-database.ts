import type { DataSource, QueryRunner } from 'typeorm';

/** When a process dies, counted in statements: before its `at`-th one, or after it was done but not heard of. */
export interface Death {
  readonly at: number;
  readonly heard: 'before' | 'after';
}

/**
 * The data source as a process sees it that dies at some statement (BEGIN and COMMIT count): from then on nothing works,
 * and the server rolls back what was open.
 */
export function dyingDataSource(dataSource: DataSource, { at, heard }: Death): DataSource {
  let count = 0;
  const gone = () => Promise.reject(new Error('Connection terminated unexpectedly'));

  async function run<T>(statement: () => Promise<T>): Promise<T> {
    if (count >= at) return await gone();
    count += 1;
    if (count < at) return await statement();
    if (heard === 'after') await statement();
    return await gone();
  }

  return new Proxy(dataSource, {
    get(target, name) {
      if (name === 'createQueryRunner') return () => dyingRunner(target.createQueryRunner(), run);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

type Run = <T>(statement: () => Promise<T>) => Promise<T>;

function dyingRunner(runner: QueryRunner, run: Run): QueryRunner {
  return new Proxy(runner, {
    get(target, name) {
      if (name === 'query') {
        return (...args: Parameters<QueryRunner['query']>) => run(() => target.query(...args));
      }
      if (name === 'connect') return async () => dyingClient(await target.connect(), run);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

interface Client {
  query(...args: unknown[]): Promise<unknown>;
  end(): Promise<void>;
}

function dyingClient(client: Client, run: Run): Client {
  return { query: (...args) => run(() => client.query(...args)), end: () => client.end() };
}
