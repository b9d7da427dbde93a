import { describe, expect, it } from '@jest/globals';
import { configSchema } from '../../../src/config/schema.ts';
import { addressRange } from '../../../src/config/values.ts';

const read = (console: unknown) => configSchema.shape.console.safeParse(console);

describe('settings of the console', () => {
  it('by default it listens here, without TLS, and believes no proxy', () => {
    expect(read({}).data).toEqual({ host: '127.0.0.1', port: 8080, secure: false, trustProxy: [] });
  });

  it('takes a proxy that signs people in, and the header in small letters, as requests have it', () => {
    const given = {
      secure: true,
      publicUrl: 'https://pos.example/',
      trustProxy: ['10.0.0.5'],
      headerSignIn: { header: 'X-Remote-User', from: ['10.0.0.5', 'fd00::/8'] },
    };
    expect(read(given).data).toMatchObject({
      secure: true,
      headerSignIn: { header: 'x-remote-user', from: ['10.0.0.5', 'fd00::/8'] },
    });
  });

  it.each([
    [{ headerSignIn: { header: 'X-Remote-User', from: [] } }],
    [{ headerSignIn: { header: 'X-Remote-User' } }],
    [{ headerSignIn: { header: 'X Remote', from: ['10.0.0.5'] } }],
    [{ trustProxy: ['proxy.example'] }],
    [{ trustProxy: true }],
    [{ publicUrl: 'pos.example' }],
    [{ publicUrl: 'javascript:alert(1)' }],
    [{ session: '1h' }],
  ])('refuses %j', (console) => {
    expect(read(console).success).toBe(false);
  });

  it.each([
    ['10.1.2.3', true],
    ['10.1.0.0/16', true],
    ['0.0.0.0/0', true],
    ['::1', true],
    ['2001:db8::/32', true],
    ['::/128', true],
    ['10.1.0.0/33', false],
    ['::/129', false],
    ['10.1.0.0/', false],
    ['10.1.0.0/8/8', false],
    ['10.1.0.0/-1', false],
    ['10.1', false],
    ['localhost', false],
    ['', false],
  ])('an address or a network: %s is %s', (text, wanted) => {
    expect(addressRange.safeParse(text).success).toBe(wanted);
  });
});
