import type { KeyMode } from './types.ts';

const ONWARD = [
  'SET_EXECUTOR',
  'POSTPONE',
  'FORWARD_TO_PARENT',
  'FORWARD_TO_SUBORDINATE',
  'RETURN',
  'SEND_RESPONSE',
];

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  MODERATION_ACCEPT: ['TAKE_TO_WORK', ...ONWARD],
  TAKE_TO_WORK: ONWARD,
  SET_EXECUTOR: ONWARD,
  POSTPONE: ONWARD,
};

/** What may follow: nothing goes back to TAKE_TO_WORK, and a forward, a return and an answer are the end. */
function following(current: string, withdrawn: boolean): readonly string[] {
  return withdrawn ? [] : (ALLOWED[current] ?? []);
}

const REPEATABLE = ['TAKE_TO_WORK', 'FORWARD_TO_PARENT', 'FORWARD_TO_SUBORDINATE', 'RETURN', 'SEND_RESPONSE'];

/**
 * The statuses that a cabinet may set now. A platform that knows no keys cannot tell a repeat from news,
 * so there the current status may be entered once more.
 */
export function allowedFrom(current: string, withdrawn: boolean, mode: KeyMode): readonly string[] {
  const list = following(current, withdrawn);
  const again = mode === 'nokeys' && !withdrawn && REPEATABLE.includes(current) && !list.includes(current);
  return again ? [...list, current] : list;
}
