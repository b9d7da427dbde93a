/** Which rows a pass has seen, by their ids: a bit each, so that a million of them take 125 kB. */
export interface Seen {
  add(id: number): void;
  /** Bit `id % 8` of byte `id / 8` is set, as PostgreSQL's `get_bit` counts. */
  bytes(): Buffer;
}

const FIRST_BYTES = 1024;

export function createSeen(): Seen {
  let bits = Buffer.alloc(FIRST_BYTES);
  return {
    add(id) {
      const index = Math.floor(id / 8);
      if (index >= bits.length) {
        const grown = Buffer.alloc(Math.max(bits.length * 2, index + 1));
        bits.copy(grown);
        bits = grown;
      }
      bits[index] = (bits[index] ?? 0) | (1 << (id % 8));
    },
    bytes: () => bits,
  };
}
