import type { Breakers } from '../endpoints/breaker.ts';
import type { Queue } from '../queue/queue.ts';
import type { Queryable } from '../store/data-source.ts';
import { readStoredFigures, type StoredFigures } from './stored-figures.ts';

export interface MetricsDeps {
  readonly db: Queryable;
  readonly queue: Pick<Queue, 'depth'>;
  readonly breakers: Pick<Breakers, 'states'>;
  /** Cabinets of the settings in force. Rows of those taken out stay in the database, and nobody waits for them. */
  cabinets(): readonly { readonly opaId: string; readonly enabled: boolean }[];
}

/** The daemon's metrics in the text format of Prometheus. */
export interface Metrics {
  readonly contentType: string;
  /** Reads everything anew. Never rejects for the database's sake: `posrednik_database_up` tells of it. */
  render(): Promise<string>;
}

const BREAKER_VALUES: Readonly<Record<string, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** The library is read at the first question: a daemon that nobody watches this way need not hold it. */
export function createMetrics(deps: MetricsDeps): Metrics {
  let render: Promise<Metrics['render']> | undefined;
  return {
    contentType: CONTENT_TYPE,
    async render() {
      render ??= openMetrics(deps);
      return await (await render)();
    },
  };
}

/** Of the text format of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * What is common to all daemons of a database is read from it, so every one of them tells the same; breakers and
 * memory are those of this process. Labels hold names of the settings, codes and stages: nothing of a person.
 */
async function openMetrics(deps: MetricsDeps): Promise<Metrics['render']> {
  const { Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name: `posrednik_${name}`, help, labelNames, registers: [registry] });

  const up = gauge('database_up', '1 when the database answered for this reading, else 0');
  const lag = gauge(
    'cabinet_lag_seconds',
    'Seconds since the feed of an enabled cabinet was last read to its end',
    'cabinet',
  );
  const state = gauge('cabinet_state', '1 for the state in which the cabinet is', 'cabinet', 'state');
  const appeals = gauge('appeals', 'Appeals by stage; of open ones, the stage of their newest card', 'stage');
  const jobs = gauge('queue_jobs', 'Jobs of a queue by state', 'queue', 'state');
  const incidents = gauge('incidents_open', 'Open incidents by code', 'code');
  const breaker = gauge(
    'breaker_state',
    'Breaker of an endpoint in this process: 0 closed, 1 probing, 2 open',
    'endpoint',
  );
  const memory = gauge('resident_memory_bytes', 'Resident memory of this process');

  function setStored(figures: StoredFigures | undefined): void {
    for (const each of [lag, state, appeals, jobs, incidents]) each.reset();
    up.set(figures === undefined ? 0 : 1);
    if (figures === undefined) return;
    for (const cabinet of figures.cabinets) {
      if (cabinet.enabled) lag.set({ cabinet: cabinet.name }, cabinet.lagSeconds);
      state.set({ cabinet: cabinet.name, state: cabinet.state }, 1);
    }
    for (const { stage, count } of figures.appeals) appeals.set({ stage }, count);
    for (const { code, count } of figures.incidents) incidents.set({ code }, count);
    for (const { queue, waiting, active } of figures.queues) {
      jobs.set({ queue, state: 'waiting' }, waiting);
      jobs.set({ queue, state: 'active' }, active);
    }
  }

  return async () => {
    setStored(await readStoredFigures(deps));
    breaker.reset();
    for (const [endpoint, mode] of deps.breakers.states()) {
      breaker.set({ endpoint }, BREAKER_VALUES[mode] ?? 2);
    }
    memory.set(process.memoryUsage.rss());
    return await registry.metrics();
  };
}
