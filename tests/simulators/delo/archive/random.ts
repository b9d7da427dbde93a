/** A number in [0, 1) that depends on nothing but its arguments: card 999,999 needs none of those before it. */
export function chance(seed: number, index: number, salt: number): number {
  let h =
    Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(index + 1, 0xc2b2ae35) ^
    Math.imul(salt + 1, 0x27d4eb2f);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  h = Math.imul(h, 0x297a2d39);
  h ^= h >>> 15;
  return (h >>> 0) / 4294967296;
}

export function pick<T>(list: readonly T[], number: number): T {
  const found = list[Math.floor(number * list.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}
