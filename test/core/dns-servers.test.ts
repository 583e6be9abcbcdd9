import * as fc from 'fast-check';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readDnsServers } from '../../src/core/dns-servers.ts';

describe('a list of DNS servers', () => {
  it.each([
    ['none', 'none'],
    ['1.1.1.1', ['1.1.1.1']],
    ['1.1.1.1:5353, [::1]:53,[::1],::1', ['1.1.1.1:5353', '[::1]:53', '[::1]', '::1']],
    ['::ffff:1.2.3.4', ['::ffff:1.2.3.4']],
    ['1.1.1.1,1.1.1.1', ['1.1.1.1']],
  ])('may be %s', (text, servers) => {
    expect(readDnsServers(text)).toEqual(servers);
  });

  it.each([
    '',
    ',',
    '1.1.1',
    '1.1.1.1.',
    '1.1.1.1.1',
    '01.1.1.1',
    '256.1.1.1',
    '::1]/x[',
    ':::',
    '[1.1.1.1]',
    '::1%eth0',
  ])('is not %j', (text) => {
    expect(readDnsServers(text)).toBeUndefined();
  });

  it('takes for an address what the system takes for one', () => {
    const digits = fc.constantFrom('', '0', '1', '9', '25', '255', '256', '01', 'ffff', '12345');
    const text = fc.array(fc.tuple(digits, fc.constantFrom('.', ':', '')), { minLength: 1, maxLength: 9 });

    fc.assert(
      fc.property(
        fc.oneof(
          text.map((parts) => parts.flat().join('')),
          fc.ipV4(),
          fc.ipV6(),
        ),
        (address) => {
          // What has a port is no address, and may stand in the list all the same.
          fc.pre(!/^[^:]*:\d+$/.test(address));
          expect([address, readDnsServers(address) !== undefined]).toEqual([address, isIP(address) !== 0]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
