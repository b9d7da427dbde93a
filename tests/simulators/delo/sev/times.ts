/** Times as ДЕЛО writes them: local to the organisation. */
export interface Clock {
  now(): Date;
  /** `YYYY-MM-DD` in the organisation's time zone. */
  day(at: Date): string;
  /** `YYYY-MM-DDThh:mm:ss.mmm` without an offset, as `Registration@SystemDate` is in real traffic. */
  local(at: Date): string;
  /** With seven digits of a second and an offset, as `Header@Time` is in real traffic. */
  headerTime(at: Date): string;
}

const MINUTE = 60_000;

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`;
}

/** A clock of one time zone; `now` may be replaced by a test's own. */
export function createClock(timeZone: string, now: () => Date = () => new Date()): Clock {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  let cachedHour = Number.NaN;
  let cachedOffset = 0;
  let lastHeader = Number.NaN;
  let tick = 0;

  // Offsets change on whole hours only, and formatting one is dear at hundreds of messages a second.
  function offsetMinutes(at: Date): number {
    const hour = Math.floor(at.getTime() / (60 * MINUTE));
    if (hour !== cachedHour) {
      const name = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
      const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
      cachedOffset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
      cachedHour = hour;
    }
    return cachedOffset;
  }

  function local(at: Date): string {
    return new Date(at.getTime() + offsetMinutes(at) * MINUTE).toISOString().slice(0, 23);
  }

  return {
    now,
    local,
    day: (at) => local(at).slice(0, 10),
    headerTime(at) {
      // Two messages of one millisecond differ in the digits behind it, as they do in real traffic.
      tick = at.getTime() === lastHeader ? tick + 1 : 0;
      lastHeader = at.getTime();
      return `${local(at)}${String(tick % 10_000).padStart(4, '0')}${offsetText(offsetMinutes(at))}`;
    },
  };
}
