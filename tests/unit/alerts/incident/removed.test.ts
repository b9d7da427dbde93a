import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { closeOfRemovedPlaces } from '../../../../src/alerts/incident/removed.ts';
import { startWorld, type World } from './world.ts';

const LONG = 120_000;
let world: World;
beforeAll(async () => {
  world = await startWorld();
}, LONG);
afterAll(() => world.stop());
beforeEach(() => world.clear());

it('incidents of channels and archives taken out of the settings are closed, those of the others and of messages stay', async () => {
  const { incidents, db } = world;
  for (const id of ['main', 'old']) {
    await incidents.openCounted(db, 'SED_SILENT', `channel:${id}:not-taken`, 2);
    await incidents.open(db, 'ENDPOINT_PAUSED', `channel:${id}`);
    await incidents.open(db, 'SED_REFUSED', `channel:${id}:code-7`);
    await incidents.open(db, 'SED_MESSAGE_UNREADABLE', `channel:${id}`, undefined, 'причина');
    await incidents.open(db, 'SED_ARCHIVE_UNREACHABLE', `archive:${id}`);
  }
  // Of two causes: both.
  await incidents.open(db, 'SED_REFUSED', 'channel:old:code-7', undefined, 'другая');
  await incidents.open(db, 'DEFECT', 'registration');
  await closeOfRemovedPlaces(world, { channels: [{ id: 'main' }], archives: [{ id: 'main' }] });
  const open = (await world.open()).map(({ code, scope }) => `${code} ${scope}`).sort();
  expect(open).toEqual([
    'DEFECT registration',
    'ENDPOINT_PAUSED channel:main',
    'SED_ARCHIVE_UNREACHABLE archive:main',
    'SED_MESSAGE_UNREADABLE channel:main',
    'SED_MESSAGE_UNREADABLE channel:old',
    'SED_REFUSED channel:main:code-7',
    'SED_SILENT channel:main:not-taken',
  ]);
});
