import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressList, rateKey } from '../../../../src/console/web/addresses.ts';
import { headerPath, safePath } from '../../../../src/console/web/path.ts';

describe('lists of addresses', () => {
  const listed = addressList(['10.1.2.3', '192.168.0.0/16', '2001:db8::/32', '::1']);

  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['10.1.2.4', false],
    ['192.168.77.1', true],
    ['::ffff:192.168.0.9', true],
    ['192.169.0.1', false],
    ['2001:db8:1::5', true],
    ['2001:db9::5', false],
    ['::1', true],
    ['127.0.0.1', false],
    ['', false],
    ['10.1.2.3, 127.0.0.1', false],
    ['nonsense', false],
  ])('%s: %s', (address, wanted) => {
    expect(listed(address)).toBe(wanted);
  });

  it('an empty list holds nobody', () => {
    expect(addressList([])('127.0.0.1')).toBe(false);
    expect(addressList(['127.0.0.1'])(undefined)).toBe(false);
  });
});

describe('whom a limit counts together', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:0:7::1', '2001:db8:0:7::/64'],
    ['2001:0db8:0000:0007:aaaa:bbbb:cccc:dddd', '2001:db8:0:7::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(rateKey(address)).toBe(key);
  });

  it('addresses of one IPv6 network share a count, those of two do not', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, groups, (a, b) => {
        const text = (list: readonly number[]) => list.map((group) => group.toString(16)).join(':');
        expect(rateKey(text([...a.slice(0, 4), ...b.slice(4)]))).toBe(rateKey(text(a)));
        const isSame = a.slice(0, 4).join() === b.slice(0, 4).join();
        expect(rateKey(text(a)) === rateKey(text(b))).toBe(isSame);
      }),
    );
  });
});

describe('paths given from outside', () => {
  it('never lead to another host, whatever they are', () => {
    const sly = fc.array(
      fc.constantFrom(
        '/',
        '\\',
        '.',
        '..',
        ':',
        '@',
        '?',
        '#',
        'evil.example',
        'https:',
        ' ',
        '\t',
        '\n',
        'я',
      ),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          sly.map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (path) => {
          for (const led of [safePath(path), headerPath(path)]) {
            expect(new URL(led, 'https://console.example').host).toBe('console.example');
            expect(led).toMatch(/^\/[\x21-\x7e]*$/);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each(['/', '/appeals', '/appeals?posId=1&x=%D1%8F', '/errors/7#members', '/a//b'])(
    '%s is kept',
    (path) => {
      expect(safePath(path)).toBe(path);
      expect(headerPath(path)).toBe(path);
    },
  );

  it('letters are encoded once', () => {
    expect(headerPath('/audit?who=Ольга П%20')).toBe(`/audit?who=${encodeURIComponent('Ольга П')}%20`);
    expect(safePath(undefined)).toBe('/');
    expect(safePath(`/${'a'.repeat(3000)}`)).toBe('/');
  });
});
