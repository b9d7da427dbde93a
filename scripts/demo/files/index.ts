import { extname } from 'node:path';
import { makePdf } from './pdf.ts';
import { makePng } from './png.ts';

export interface DemoFile {
  readonly name: string;
  /** Content of a text file. */
  readonly text?: string | undefined;
}

/** Makes a small valid file of the kind its name says; no two seeds give equal bytes. Throws on another kind. */
export function makeFile(file: DemoFile, seed: number): Buffer {
  switch (extname(file.name)) {
    case '.png':
      return makePng(seed);
    case '.pdf':
      return makePdf(seed);
    case '.txt':
      return Buffer.from(`\uFEFF${file.text ?? ''}\r\n(приложение ${seed})\r\n`, 'utf8');
    default:
      throw new RangeError(`no way to make ${file.name}`);
  }
}
