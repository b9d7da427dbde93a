/** What a run has done so far. */
export interface Progress {
  /** Cards looked at. */
  seen: number;
  written: number;
  refused: number;
  /** Cards that need nothing, or for which the settings have no value. */
  skipped: number;
  /** Cards to look at, when the archive tells. */
  total?: number;
}

const WIDTH = 24;
const REDRAW_MS = 200;
const LINE_MS = 10_000;

/** `[######······] 50 % · 500 из 1000 · записано 480, …`; without a total no bar. */
export function progressLine(
  { seen, written, refused, skipped, total }: Progress,
  elapsedMs: number,
): string {
  const share = total === undefined || total === 0 ? undefined : Math.min(1, seen / total);
  const speed = elapsedMs > 0 ? seen / (elapsedMs / 1000) : 0;
  const parts = [
    share === undefined ? `${seen}` : `${bar(share)} ${Math.floor(share * 100)} % · ${seen} из ${total}`,
    `записано ${written}${refused > 0 ? `, отказов ${refused}` : ''}${skipped > 0 ? `, пропущено ${skipped}` : ''}`,
    `${Math.round(speed)} карточек/с`,
    ...(total !== undefined && speed > 0 && seen < total
      ? [`осталось ${clock((total - seen) / speed)}`]
      : []),
  ];
  return parts.join(' · ');
}

function bar(share: number): string {
  const full = Math.round(share * WIDTH);
  return `[${'#'.repeat(full)}${'·'.repeat(WIDTH - full)}]`;
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export interface ProgressView {
  show(progress: Progress): void;
  /** Shows the last state and goes to a new line. */
  end(progress: Progress): void;
}

/** A bar that is drawn over on a terminal; elsewhere a line from time to time, for a log. */
export function progressView(
  out: { write(text: string): unknown; readonly isTTY?: boolean },
  now: () => number = () => performance.now(),
): ProgressView {
  const started = now();
  let shown = Number.NEGATIVE_INFINITY;
  const isTerminal = out.isTTY === true;
  const draw = (progress: Progress, end: string) => {
    shown = now();
    const line = progressLine(progress, now() - started);
    out.write(isTerminal ? `\r\u001b[K${line}${end}` : `${line}\n`);
  };
  return {
    show(progress) {
      if (now() - shown >= (isTerminal ? REDRAW_MS : LINE_MS)) draw(progress, '');
    },
    end: (progress) => draw(progress, '\n'),
  };
}
