import { crc32, deflateSync } from 'node:zlib';

type Colour = readonly [red: number, green: number, blue: number];

const WIDTH = 480;
const HEIGHT = 320;
const SKIES: readonly Colour[] = [
  [174, 214, 241],
  [213, 219, 229],
  [250, 215, 160],
  [162, 182, 214],
];
const GROUNDS: readonly Colour[] = [
  [118, 142, 96],
  [138, 132, 120],
  [196, 202, 208],
  [154, 122, 88],
];
const WALLS: readonly Colour[] = [
  [214, 164, 122],
  [178, 96, 84],
  [222, 214, 190],
  [128, 146, 166],
];

/** A «photo»: a street with houses, a road and something dark on it; another picture for another seed. */
export function makePng(seed: number): Buffer {
  const random = mulberry(seed);
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  const horizon = 120 + Math.floor(random() * 60);
  fill(pixels, 0, 0, WIDTH, horizon, pick(SKIES, random));
  fill(pixels, 0, horizon, WIDTH, HEIGHT, pick(GROUNDS, random));
  for (let left = 0; left < WIDTH; ) {
    const width = 50 + Math.floor(random() * 70);
    house(pixels, random, left, Math.min(WIDTH, left + width), horizon);
    left += width + 8 + Math.floor(random() * 40);
  }
  fill(pixels, 0, 240, WIDTH, HEIGHT, [92, 94, 98]);
  for (let x = 10; x < WIDTH; x += 60) fill(pixels, x, 278, Math.min(WIDTH, x + 32), 282, [236, 236, 228]);
  blot(pixels, 60 + random() * 360, 262 + random() * 40, 18 + random() * 40, 6 + random() * 10);
  return encode(pixels);
}

function house(pixels: Buffer, random: () => number, left: number, right: number, ground: number): void {
  const top = ground - 40 - Math.floor(random() * 70);
  fill(pixels, left, top, right, ground + 30, pick(WALLS, random));
  for (let y = top + 10; y + 12 < ground + 20; y += 22) {
    for (let x = left + 8; x + 10 < right; x += 20) {
      fill(pixels, x, y, x + 10, y + 12, random() < 0.3 ? [252, 226, 138] : [70, 88, 112]);
    }
  }
}

function blot(pixels: Buffer, centreX: number, centreY: number, radiusX: number, radiusY: number): void {
  for (let y = Math.floor(centreY - radiusY); y <= centreY + radiusY; y += 1) {
    const part = 1 - ((y - centreY) / radiusY) ** 2;
    const half = part <= 0 ? 0 : Math.sqrt(part) * radiusX;
    fill(pixels, Math.floor(centreX - half), y, Math.floor(centreX + half), y + 1, [48, 46, 44]);
  }
}

function fill(pixels: Buffer, left: number, top: number, right: number, bottom: number, colour: Colour) {
  const [from, to] = [Math.max(0, left), Math.min(WIDTH, right)];
  if (from >= to) return;
  const value = Uint8Array.of(...colour);
  for (let y = Math.max(0, top); y < Math.min(HEIGHT, bottom); y += 1) {
    pixels.fill(value, (y * WIDTH + from) * 3, (y * WIDTH + to) * 3);
  }
}

function encode(pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // 8 bits a channel, red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  const lines = Buffer.alloc(HEIGHT * (WIDTH * 3 + 1));
  // Each line begins with its filter: none.
  for (let y = 0; y < HEIGHT; y += 1) {
    pixels.copy(lines, y * (WIDTH * 3 + 1) + 1, y * WIDTH * 3, (y + 1) * WIDTH * 3);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

function pick(list: readonly Colour[], random: () => number): Colour {
  return list[Math.floor(random() * list.length)] ?? [128, 128, 128];
}

/** Numbers 0..1, the same for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
