import { describe, expect, it } from '@jest/globals';
import { isCron } from '../../../src/queue/cron.ts';

describe('a schedule', () => {
  it.each(['30 2 * * *', '*/15 * * * *', '0 4 * * 1-5', '0 4 1,15 * *', '0 4 * * MON,THU', ' 0  4 L * * '])(
    '«%s» is read',
    (expression) => {
      expect(isCron(expression)).toBe(true);
    },
  );

  it.each([
    '',
    'каждую ночь',
    '02:30',
    '61 * * * *',
    '30 25 * * *',
    '0 2 31 2 *',
    '5/0 * * * *',
    // Fewer or more fields would be read as another moment, other formats are not cron.
    '30 2 * *',
    '0 30 2 * * *',
    '@daily',
    'FREQ=DAILY',
    'H 2 * * *',
  ])('«%s» is not', (expression) => {
    expect(isCron(expression)).toBe(false);
  });
});
