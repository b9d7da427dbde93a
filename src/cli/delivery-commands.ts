import { createLog } from '../log.ts';
import { isKnownCode } from '../model/code-entry.ts';
import { DELIVERY_STATES } from '../model/delivery.ts';
import { Fault } from '../model/errors.ts';
import {
  cancelDelivery,
  type DeliveryFilter,
  listDeliveries,
  resendDeliveries,
} from '../replies/commands.ts';
import { explain } from './journey.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { type RemoteDelivery, remoteCancel, remoteDeliveries, remoteResend } from './remote.ts';
import { requireDelivery, requireWhy } from './required.ts';
import { WHO, wordOf } from './words.ts';

export interface DeliveryListFlags extends JsonFlag {
  readonly state?: string;
  readonly error?: string;
  readonly appeal?: string;
  readonly limit: string;
}

export interface ResendFlags extends JsonFlag {
  readonly error?: string;
  readonly why: string;
}

export interface CancelFlags extends JsonFlag {
  readonly why: string;
}

/** `posrednik deliveries list`: what goes to the platform, newest first. @throws Fault COMMAND_INVALID */
export async function listCommand(options: GlobalOptions, flags: DeliveryListFlags): Promise<void> {
  const filter = filterOf(flags);
  const rows =
    options.api === undefined
      ? await withTables(await loadForCommand(options), createLog('warn'), (db) => listDeliveries(db, filter))
      : await remoteDeliveries(options.api, filter);
  printResult(flags.json, { deliveries: rows }, rows.length > 0 ? rows.map(lineOf) : ['Отправок нет.']);
}

function filterOf({ state, error, appeal, limit }: DeliveryListFlags): DeliveryFilter {
  const known = DELIVERY_STATES.find((candidate) => candidate === state);
  if (state !== undefined && known === undefined) {
    throw new Fault('COMMAND_INVALID', {
      detail: `--state: нет состояния «${state}»; есть: ${DELIVERY_STATES.join(', ')}`,
      field: '--state',
    });
  }
  if (!/^[1-9]\d{0,5}$/.test(limit)) {
    throw new Fault('COMMAND_INVALID', { detail: '--limit: напишите целое число от 1', field: '--limit' });
  }
  return {
    limit: Number(limit),
    ...(known === undefined ? {} : { state: known }),
    ...(error === undefined ? {} : { code: requireCode(error) }),
    ...(appeal === undefined ? {} : { posId: appeal }),
  };
}

function lineOf(row: RemoteDelivery): string {
  const error = row.errorCode === null ? '' : `  ! ${explain(row.errorCode, row.errorDetail)}`;
  const what = `${wordOf('kind', row.kind)} по обращению ${row.posId} (${row.cabinet})`;
  return `${row.id}  ${what}: ${wordOf('delivery', row.state)}, попыток ${row.attempts}, правило «${row.rule}»${error}`;
}

/**
 * `posrednik deliveries resend`: by number or all that wait with one error code; exit code 1 when nothing waited.
 * @throws Fault COMMAND_INVALID unless exactly one of the two is given
 */
export async function resendCommand(
  options: GlobalOptions,
  id: string | undefined,
  flags: ResendFlags,
): Promise<void> {
  const filter = whichOf(id, flags.error);
  const sent =
    options.api === undefined
      ? await withTables(await loadForCommand(options), createLog('warn'), (_db, dataSource) =>
          resendDeliveries(dataSource, filter, { who: WHO, why: flags.why }),
        )
      : await remoteResend(options.api, filter, flags.why);
  printResult(flags.json, { resent: sent }, [
    sent.length === 0
      ? 'Повторять нечего: с таким условием ни одна отправка не требует внимания.'
      : `Отправляются снова: ${sent.length}.`,
  ]);
  if (sent.length === 0) process.exitCode = 1;
}

function whichOf(id: string | undefined, error: string | undefined): DeliveryFilter {
  if (id !== undefined && error === undefined) return { id: requireDelivery(id) };
  if (id === undefined && error !== undefined) return { code: requireCode(error) };
  throw new Fault('COMMAND_INVALID', { detail: 'назовите номер отправки или --error КОД, одно из двух' });
}

/** `posrednik deliveries cancel`: exit code 1 when it is not there, has gone, or is going. */
export async function cancelCommand(options: GlobalOptions, id: string, flags: CancelFlags): Promise<void> {
  const number = requireDelivery(id);
  requireWhy(flags.why);
  const done =
    options.api === undefined
      ? await withTables(await loadForCommand(options), createLog('warn'), (_db, dataSource) =>
          cancelDelivery(dataSource, number, { who: WHO, why: flags.why }),
        )
      : await remoteCancel(options.api, number, flags.why);
  printResult(flags.json, { id, cancelled: done }, [
    done ? `Отправка ${id} отменена.` : `Отправки ${id} нет, она уже ушла или уходит сейчас.`,
  ]);
  if (!done) process.exitCode = 1;
}

function requireCode(code: string): string {
  if (isKnownCode(code)) return code;
  throw new Fault('COMMAND_INVALID', {
    detail: `--error: нет кода «${code}»; коды показывает «deliveries list»`,
    field: '--error',
  });
}
