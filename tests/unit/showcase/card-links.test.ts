import { expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/index.ts';
import { cardLinks } from '../../../src/showcase/card-links.ts';

type Settings = Pick<Config, 'archives' | 'showcases'>;

it('leads to the card in the archive of its showcase, where the settings tell the address', () => {
  const linkOf = cardLinks({
    archives: [{ id: 'told', cardUrl: 'https://delo.test/card/{isn}?back={isn}' }, { id: 'untold' }],
    showcases: [
      { id: 'a', archive: 'told' },
      { id: 'b', archive: 'untold' },
    ],
  } as unknown as Settings);
  expect(linkOf('a', '7')).toBe('https://delo.test/card/7?back=7');
  expect(linkOf('a', '$&/')).toBe('https://delo.test/card/%24%26%2F?back=%24%26%2F');
  expect([linkOf('a', ''), linkOf('b', '7'), linkOf('gone', '7')]).toEqual([undefined, undefined, undefined]);
});
