import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { settleResent } from '../../../src/alerts/incident/settle-resent.ts';
import { Fault } from '../../../src/model/errors.ts';
import { resendCards } from '../../../src/registration/commands.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';
import { acceptMessage } from '../../../src/registration/sed-events.ts';
import { closeSettled } from '../../../src/registration/settled-incidents.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import { listMessages, takeAway } from './folders.ts';
import { about, failure, registration } from './messages.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, packageOf } from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ withoutDelo: true, withoutReaders: true });
});
afterAll(async () => {
  await rig.stop();
});
beforeEach(async () => {
  await rig.db.query('DELETE FROM incident');
});
afterEach(async () => {
  for (const dir of await listMessages(rig)) await takeAway(rig, dir);
  await rig.db.query(`UPDATE card SET stage = 'cancelled'`);
  await rig.db.query(`UPDATE package SET stage = 'registered'`);
  await rig.db.query('UPDATE appeal SET error_code = NULL');
});

async function open(): Promise<string[]> {
  const rows = await rig.db.query<{ code: string; scope: string }>(
    'SELECT code, scope FROM incident WHERE closed_at IS NULL ORDER BY code, scope',
  );
  return rows.map(({ code, scope }) => `${code} ${scope}`);
}

async function sent(): Promise<string> {
  const posId = await rig.appeal();
  await rig.drive();
  return posId;
}

async function refused(code: number): Promise<string> {
  const posId = await sent();
  await acceptMessage(rig.deps, failure(await atOf(posId), code));
  return posId;
}

async function atOf(posId: string, part = 0, attempt = 1) {
  return about(await cardOf(rig.db, posId), await packageOf(rig.db, posId, part, attempt));
}

async function work(posId: string, deps: RegistrationDeps): Promise<void> {
  const { id, opa_id } = await appealOf(rig.db, posId);
  rig.queue.takeAppeals();
  await workAppeals(deps, [jobOf({ appealId: id, opaId: opa_id })]);
}

function failing(code: 'CARD_MAPPING_INVALID' | 'CONFIG_INVALID'): RegistrationDeps {
  const write = async () => {
    throw new Fault(code, { detail: 'as told' });
  };
  return rig.worker({ sed: { ...rig.sed, write } });
}

const REFUSED_39 = 'SED_REFUSED channel:delo-1:code-39';

describe('the incident of a refusal', () => {
  it('stays while a card waits for a person', async () => {
    await refused(39);
    expect(await closeSettled(rig.deps)).toBe(0);
    expect(await open()).toEqual([REFUSED_39]);
  });

  it('closes when the last such card is sent again or registered', async () => {
    const [first, second] = [await refused(39), await refused(39)];
    await resendCards(rig.database.dataSource, first);
    await rig.drive();
    expect(await closeSettled(rig.deps)).toBe(0);
    await acceptMessage(rig.deps, registration(await atOf(second)));
    expect(await closeSettled(rig.deps)).toBe(1);
    expect(await open()).toEqual([]);
    // The next refusal is told anew.
    await refused(39);
    expect(await open()).toEqual([REFUSED_39]);
  });

  it('waits for how a card ends that a person has sent again by itself', async () => {
    const posId = await refused(39);
    await resendCards(rig.database.dataSource, posId, { said: { who: 'анна', why: 'исправлено' } });
    await rig.drive();
    await settleResent(rig.db, 0);
    expect(await closeSettled(rig.deps)).toBe(0);
    expect(await open()).toEqual([REFUSED_39]);
    await acceptMessage(rig.deps, registration(await atOf(posId, 0, 2)));
    await settleResent(rig.db, 0);
    expect(await closeSettled(rig.deps)).toBe(1);
  });

  it('of another code stays', async () => {
    const first = await refused(39);
    await refused(22);
    await acceptMessage(rig.deps, registration(await atOf(first)));
    await closeSettled(rig.deps);
    expect(await open()).toEqual(['SED_REFUSED channel:delo-1:code-22']);
  });

  it('of the first attempt closes when the second is refused for another reason', async () => {
    const posId = await refused(39);
    await resendCards(rig.database.dataSource, posId);
    await rig.drive();
    await acceptMessage(rig.deps, failure(await atOf(posId, 0, 2), 22));
    await closeSettled(rig.deps);
    expect(await open()).toEqual(['SED_REFUSED channel:delo-1:code-22']);
  });

  it('of an addition stays until it is sent again', async () => {
    const posId = await sent();
    await acceptMessage(rig.deps, registration(await atOf(posId)));
    await rig.change(posId, 'WITHDRAWN');
    await rig.drive();
    await acceptMessage(rig.deps, failure(await atOf(posId, 1), 39));
    expect(await closeSettled(rig.deps)).toBe(0);
    await resendCards(rig.database.dataSource, posId);
    await rig.drive();
    expect(await closeSettled(rig.deps)).toBe(1);
  });
});

describe('the incident of a mapping that cannot say it', () => {
  it('closes when the card is sent after all', async () => {
    const posId = await rig.appeal();
    await work(posId, failing('CARD_MAPPING_INVALID'));
    expect(await closeSettled(rig.deps)).toBe(0);
    expect(await open()).toEqual(['CARD_MAPPING_INVALID channel:delo-1:cards']);
    await resendCards(rig.database.dataSource, posId);
    await rig.drive();
    expect(await closeSettled(rig.deps)).toBe(1);
  });

  it('is known by its code, for a card and for an addition', async () => {
    const [first, second] = [await sent(), await rig.appeal()];
    await acceptMessage(rig.deps, registration(await atOf(first)));
    await rig.change(first, 'AMENDED', { description: 'иначе' });
    await work(first, failing('CARD_MAPPING_INVALID'));
    await work(second, failing('CONFIG_INVALID'));
    expect(await closeSettled(rig.deps)).toBe(0);
    await resendCards(rig.database.dataSource, first);
    await rig.drive();
    expect(await closeSettled(rig.deps)).toBe(1);
    expect(await open()).toEqual(['CONFIG_INVALID channel:delo-1:cards']);
  });

  it('does not take a registered card back', async () => {
    const posId = await sent();
    await rig.db.query(`UPDATE package SET stage = 'writing' WHERE id = $1`, [
      (await packageOf(rig.db, posId)).id,
    ]);
    await rig.db.query(`UPDATE card SET stage = 'planned' WHERE id = $1`, [(await cardOf(rig.db, posId)).id]);
    const slow = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const write = async () => {
      reached.resolve();
      await slow.promise;
      throw new Fault('CARD_MAPPING_INVALID', { detail: 'as told' });
    };
    const working = work(posId, rig.worker({ sed: { ...rig.sed, write } }));
    await reached.promise;
    await acceptMessage(rig.deps, registration(await atOf(posId)));
    slow.resolve();
    await working;
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', error_code: null });
  });
});

describe('the incident of a defect', () => {
  it('closes when no appeal has it any more, and others are left alone', async () => {
    const posId = await rig.appeal();
    const { id } = await appealOf(rig.db, posId);
    await rig.deps.incidents.open(rig.db, 'DEFECT', 'registration');
    await rig.deps.incidents.open(rig.db, 'ENDPOINT_PAUSED', 'channel:delo-1');
    await rig.deps.incidents.open(rig.db, 'SED_MESSAGE_ORPHAN', 'channel:delo-1');
    await rig.deps.incidents.open(rig.db, 'SED_SILENT', 'channel:delo-1:not-taken');
    await rig.db.query(`UPDATE appeal SET error_code = 'DEFECT' WHERE id = $1`, [id]);
    expect(await closeSettled(rig.deps)).toBe(0);
    await rig.db.query('UPDATE appeal SET error_code = NULL WHERE id = $1', [id]);
    expect(await closeSettled(rig.deps)).toBe(1);
    expect(await open()).toEqual([
      'ENDPOINT_PAUSED channel:delo-1',
      'SED_MESSAGE_ORPHAN channel:delo-1',
      'SED_SILENT channel:delo-1:not-taken',
    ]);
  });
});
