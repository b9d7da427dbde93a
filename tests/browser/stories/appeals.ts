import { expect } from '@jest/globals';
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import { listDeliveries } from '../../../src/replies/commands.ts';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { eventually } from '../../support/eventually.ts';

/** The cabinet in which most stories happen: by its settings, and on the platform. */
export const CABINET = 'gorod';
export const OPA_ID = '100001';
/** For what many deliveries take on a machine that has much else to do, ms. */
export const MANY = 120_000;

const ANSWERED = 'SEND_RESPONSE';

/** New appeals that have a registered card of which the platform knows; their numbers on the platform. */
export async function registered(world: ConsoleWorld, count: number): Promise<readonly string[]> {
  const { platform, delo } = world.stage;
  const posIds = Array.from({ length: count }, () => String(platform.addAppeal(OPA_ID)));
  await eventually(
    'the cards to be registered',
    () => {
      const cards = delo.cards().filter(({ state }) => state === 'registered');
      const known = new Set(cards.map(({ posId }) => posId));
      return posIds.every((posId) => known.has(posId) && timesSent(world, posId, 'TAKE_TO_WORK') === 1);
    },
    MANY,
  );
  return posIds;
}

/** ДЕЛО's number of the appeal's card. */
export function cardOf({ stage }: ConsoleWorld, posId: string): string {
  const card = stage.delo.cards().find((one) => one.posId === posId && one.state === 'registered');
  if (card === undefined) throw new Error(`no card of appeal ${posId}`);
  return card.id;
}

/** How often a status stands in the appeal's history on the platform. */
export function timesSent({ stage }: ConsoleWorld, posId: string, status: string): number {
  return stage.platform.history(OPA_ID, Number(posId)).filter((entry) => entry.status === status).length;
}

/** Waits until the answers of these appeals are on the platform, and sees that each stands there once. */
export async function answeredOnce(world: ConsoleWorld, posIds: readonly string[]): Promise<void> {
  const times = () => posIds.map((posId) => timesSent(world, posId, ANSWERED));
  await eventually('the answers to be on the platform', () => times().every((count) => count > 0), MANY);
  expect(times()).toEqual(posIds.map(() => 1));
}

/** Deliveries that need attention for this reason. */
export async function waiting({ db }: ConsoleWorld, code: ErrorCode): Promise<readonly string[]> {
  return (await listDeliveries(db, { state: 'attention', code })).map(({ id }) => id);
}
