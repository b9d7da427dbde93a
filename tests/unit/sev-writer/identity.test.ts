import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PackageKey } from '../../../src/sed/port.ts';
import { encodeIdentity, fileUid, identify, identityOf, textFileUid } from '../../../src/sed/sev/identity.ts';

const KEY: PackageKey = { opaId: '100500', posId: '374299901', repetition: '', part: 0, attempt: 0 };

const GOLDEN_FIRST = {
  documentUid: '76c9a4659c11a3e2b263134546473b5b',
  messageId: '864bafc87b940e1e6df42db0115fe058',
  returnId: 'fb4287630bbc55a70194ea9d2b216892',
  messageDir: '0617b2ba12d75043b98257f475506841',
};

const GOLDEN_ADDITION = {
  documentUid: 'dc1bd8a05d1ae92bdb5cf2f81c42c1b0',
  messageId: 'f76a467fd6040a92b078e652d5831438',
  returnId: '5f4a02da774fdb4c5fb8eea62f6c331d',
  messageDir: 'd7b595d76a509bf7c75aa3b51f33b323',
};

const GOLDEN_FILES = [
  'ea537400dde2e6196ed06133ce675acd',
  '93e50a2a722d2d00e0ce255a1de8574b',
  '678e96d36c20c8b4e2431d2e70b7e9fc',
];

const anyKey: fc.Arbitrary<PackageKey> = fc.record({
  opaId: fc.string({ unit: 'binary' }),
  posId: fc.string({ unit: 'binary' }),
  repetition: fc.string({ unit: 'binary' }),
  part: fc.nat(100),
  attempt: fc.nat(100),
});

describe('golden identities', () => {
  // These stand in the databases and in the СЭД of every site: a change here makes double cards.
  it('never change for a first card', () => {
    expect(identify(KEY)).toEqual(GOLDEN_FIRST);
  });

  it('never change for a second attempt of an addition to a repetition', () => {
    expect(identify({ ...KEY, repetition: 'change-9', part: 2, attempt: 1 })).toEqual(GOLDEN_ADDITION);
  });

  it('never change for files', () => {
    const uid = identify(KEY).documentUid;
    expect([fileUid(uid, 'file-1'), textFileUid(uid, 0), textFileUid(uid, 3)]).toEqual(GOLDEN_FILES);
  });
});

describe('identify', () => {
  it('gives 32 lower-case hex digits and the same every time', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const identity = identify(key);
        for (const value of Object.values(identity)) expect(value).toMatch(/^[0-9a-f]{32}$/);
        expect(identify({ ...key })).toEqual(identity);
      }),
    );
  });

  it('gives four different values, each by its own label', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(new Set(Object.values(identify(key))).size).toBe(4);
      }),
    );
  });

  it('keeps the document through parts and attempts, and changes the message with each', () => {
    fc.assert(
      fc.property(anyKey, fc.nat(9), fc.nat(9), (key, part, attempt) => {
        const other = { ...key, part, attempt };
        const [a, b] = [identify(key), identify(other)];
        expect(a.documentUid).toBe(b.documentUid);
        const same = key.part === part && key.attempt === attempt;
        expect(a.messageDir === b.messageDir).toBe(same);
        expect(a.messageId === b.messageId).toBe(same);
        expect(a.returnId === b.returnId).toBe(same);
      }),
    );
  });

  it('changes the document with cabinet, posId or repetition', () => {
    const uids = [
      KEY,
      { ...KEY, opaId: '100501' },
      { ...KEY, posId: '374299902' },
      { ...KEY, repetition: '1' },
      // The same digits, divided otherwise.
      { ...KEY, opaId: '10050', posId: '0374299901' },
      { ...KEY, opaId: '1005003', posId: '74299901' },
    ].map((key) => identify(key).documentUid);
    expect(new Set(uids).size).toBe(uids.length);
  });
});

describe('encodeIdentity', () => {
  const fields = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.nat()), { maxLength: 5 });

  it('is injective: two different lists never share a text', () => {
    fc.assert(
      fc.property(fc.string(), fields, fc.string(), fields, (label, a, otherLabel, b) => {
        const equal = label === otherLabel && JSON.stringify(a) === JSON.stringify(b);
        expect(encodeIdentity(label, a) === encodeIdentity(otherLabel, b)).toBe(equal);
      }),
      { numRuns: 300 },
    );
  });

  it('can be read back whole, so nothing of a field is lost', () => {
    fc.assert(
      fc.property(fc.string(), fields, (label, list) => {
        expect(JSON.parse(encodeIdentity(label, list)).slice(1)).toEqual([label, ...list]);
      }),
    );
  });

  it.each([
    [['a,b'], ['a', 'b']],
    [['a","b'], ['a', 'b']],
    [
      ['', 'a'],
      ['a', ''],
    ],
    [[''], []],
    [['1'], [1]],
    [['\ud800'], ['\ufffd']],
  ])('tells %j from %j', (a, b) => {
    expect(identityOf('x', a)).not.toBe(identityOf('x', b));
  });
});

describe('file identities', () => {
  it('differ by document and by file, and never meet a text file', () => {
    const uids = [
      fileUid('d1', '0'),
      fileUid('d1', '1'),
      fileUid('d2', '0'),
      textFileUid('d1', 0),
      textFileUid('d1', 1),
      textFileUid('d2', 0),
    ];
    expect(new Set(uids).size).toBe(uids.length);
  });
});
