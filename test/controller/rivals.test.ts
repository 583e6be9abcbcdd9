import { describe, expect, it } from 'vitest';
import { createRivals } from '../../src/controller/rivals.ts';
import type { Resource } from '../../src/controller/source.ts';
import { resource } from './support/resource.ts';

const naming = (...recipients: readonly string[]) => ({ receiptRules: [{ name: 'Default', recipients }] });

/** Takes note of pipelines one after the other; gives who was woken by the last. */
function wokenBy(...notes: readonly (readonly [key: string, spec: object | undefined, over?: Partial<Resource>])[]) {
  const rivals = createRivals();
  let woken: readonly string[] = [];
  for (const [key, spec, over] of notes)
    woken = rivals.note(key, spec === undefined ? undefined : resource(spec, { key, ...over }));
  return [...woken].sort();
}

describe('createRivals', () => {
  it('wakes nobody for a pipeline that shares nothing', () => {
    expect(wokenBy(['mail/a', naming('a@x.io')], ['mail/b', naming('b@x.io')])).toEqual([]);
  });

  it('wakes those who name what a pipeline now names too, in whatever case', () => {
    expect(wokenBy(['mail/a', naming('a@x.io')], ['mail/b', naming('A@X.io')])).toEqual(['mail/a']);
  });

  it.each([
    { name: 'gives a recipient up', last: naming('other@x.io') },
    { name: 'is gone', last: undefined },
  ])('wakes who waited when the one that has a recipient $name', ({ last }) => {
    expect(wokenBy(['mail/a', naming('a@x.io')], ['mail/b', naming('a@x.io')], ['mail/a', last])).toEqual(['mail/b']);
  });

  it('wakes those too who are concerned only through others', () => {
    const notes = [
      ['mail/a', naming('a@x.io')],
      ['mail/b', naming('a@x.io', 'b@x.io')],
      ['mail/c', naming('b@x.io')],
      ['mail/d', naming('d@x.io')],
    ] as const;

    expect(wokenBy(...notes, ['mail/a', undefined])).toEqual(['mail/b', 'mail/c']);
  });

  it('wakes nobody when a change is about something else', () => {
    const shared = naming('a@x.io');

    expect(
      wokenBy(['mail/a', shared], ['mail/b', shared], ['mail/a', { ...shared, ruleSet: { priority: 7 } }]),
    ).toEqual([]);
  });

  it('takes regions for worlds of their own', () => {
    expect(wokenBy(['mail/a', naming('a@x.io')], ['mail/b', { ...naming('a@x.io'), region: 'eu-west-1' }])).toEqual([]);
  });

  it('lets a pipeline whose manifest cannot be read keep what it had', () => {
    const unreadable = ['mail/a', {}, { manifest: undefined }] as const;

    expect(wokenBy(['mail/a', naming('a@x.io')], ['mail/b', naming('a@x.io')], unreadable)).toEqual([]);
    expect(wokenBy(['mail/a', naming('a@x.io')], unreadable, ['mail/b', naming('a@x.io')])).toEqual(['mail/a']);
  });

  it('lets one that is being deleted keep its recipients until it is gone', () => {
    const notes = [
      ['mail/a', naming('a@x.io')],
      ['mail/b', naming('a@x.io')],
      ['mail/a', naming('a@x.io'), { deleting: true }],
    ] as const;

    expect(wokenBy(...notes)).toEqual([]);
    expect(wokenBy(...notes, ['mail/a', undefined])).toEqual(['mail/b']);
  });
});

describe('createRivals: the active rule set', () => {
  const wanting = (recipient: string, name: string, activate = 'Always') => ({
    ...naming(recipient),
    ruleSet: { name, activate },
  });

  it('wakes those who want another set active, and not those who want the same one', () => {
    const notes = [
      ['mail/a', wanting('a@x.io', 'one')],
      ['mail/b', wanting('b@x.io', 'one')],
      ['mail/c', wanting('c@x.io', 'two')],
    ] as const;

    expect(wokenBy(...notes)).toEqual(['mail/a', 'mail/b']);
    expect(wokenBy(...notes, ['mail/a', undefined])).toEqual(['mail/c']);
    expect(wokenBy(...notes, ['mail/a', wanting('a@x.io', 'one', 'IfNone')])).toEqual(['mail/c']);
    expect(wokenBy(...notes, ['mail/a', wanting('a@x.io', 'one'), { deleting: true }])).toEqual(['mail/c']);
  });
});
