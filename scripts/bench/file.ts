import { jsonLine } from './child.ts';
import { CABINET, inPlace, startPlatformProcess } from './place.ts';

export interface FileOptions {
  readonly bytes: number;
  /** Folder to make the working folder in. */
  readonly dir?: string;
}

export interface FileResult {
  readonly bytes: number;
  readonly seconds: number;
  /** The most that its process held until the end, over what it held just before the transfer, MB. */
  readonly addedMb: number;
}

/**
 * Measures one large file through the platform driver into the spool, in a process that does nothing else. The
 * simulator makes the bytes as they are asked for; a small file goes first, so that loaded code is not counted.
 */
export async function runFileBench(options: FileOptions): Promise<FileResult> {
  return await inPlace(options.dir, async (place) => {
    const url = await startPlatformProcess(place, 1, options.bytes);
    const child = place.start('scripts/bench/file-child.ts', [url, place.dir, JSON.stringify(CABINET)]);
    const result = await child.line(jsonLine);
    return {
      bytes: Number(result['bytes']),
      seconds: Number(Number(result['seconds']).toFixed(2)),
      addedMb: Number(Number(result['addedMb']).toFixed(1)),
    };
  });
}
