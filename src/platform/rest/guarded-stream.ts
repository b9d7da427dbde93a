import { Readable } from 'node:stream';
import { Fault } from '../../model/errors.ts';

export interface GuardOptions {
  /** Longest silence of the source while we wait for it, ms. */
  readonly idleTimeoutMs: number;
  /** Bytes the source must bring. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

/**
 * The same bytes, with failures turned into Faults: silence, a broken connection, an end before the told length
 * (PLATFORM_UNREACHABLE, so the reader resumes), a stop (STOPPED). Back-pressure passes through; while the reader is
 * the slow one, silence is not counted.
 */
export function guardStream(source: Readable, options: GuardOptions): Readable {
  const { idleTimeoutMs, length, signal } = options;
  let received = 0;
  let finished = false;
  let timer: NodeJS.Timeout | undefined;

  const guarded = new Readable({
    read() {
      timer ??= setTimeout(onIdle, idleTimeoutMs);
      source.resume();
    },
    destroy(error, callback) {
      finished = true;
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
      source.destroy();
      callback(error);
    },
  });

  function stopTimer(): void {
    clearTimeout(timer);
    timer = undefined;
  }
  function fail(detail: string, cause?: unknown): void {
    if (finished) return;
    // The stop reaches the connection too, and its error may come first.
    const isStopped = signal?.aborted === true;
    guarded.destroy(new Fault(isStopped ? 'STOPPED' : 'PLATFORM_UNREACHABLE', { detail, cause }));
  }
  function onIdle(): void {
    fail('файл: платформа замолчала посреди передачи');
  }
  function onAbort(): void {
    guarded.destroy(new Fault('STOPPED'));
  }
  // Trouble may come before the reader has put its own listener; it finds the error in the destroyed stream.
  guarded.on('error', () => undefined);

  source.pause();
  source.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (guarded.push(chunk)) {
      timer?.refresh();
    } else {
      source.pause();
      stopTimer();
    }
  });
  source.on('end', () => {
    if (length !== undefined && received !== length) {
      fail('файл: передача закончилась раньше времени');
      return;
    }
    finished = true;
    stopTimer();
    guarded.push(null);
  });
  // An error after our own end is an echo of the destroyed connection.
  source.on('error', (cause) => fail('файл: соединение прервано', cause));
  source.on('close', () => fail('файл: соединение закрыто посреди передачи'));
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return guarded;
}
