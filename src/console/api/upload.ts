import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Spool, StoredBlob } from '../../store/spool.ts';

/** Largest body with files in it, bytes: base64 makes them a third longer, and all of it is held in memory. */
export const UPLOAD_LIMIT = 32 * 1024 * 1024;

/** A file within a JSON body. */
export const base64File = z.strictObject({
  name: z.string().trim().min(1).max(255).describe('Имя файла'),
  content: z.base64().describe('Содержимое, base64'),
});

/** Puts such a file into the spool. @throws Fault SPOOL_UNAVAILABLE */
export async function keepFile(
  spool: Pick<Spool, 'put'>,
  { content }: { readonly content: string },
): Promise<StoredBlob> {
  const bytes = Buffer.from(content, 'base64');
  return await spool.put({
    key: `api-${randomUUID()}`,
    maxBytes: bytes.length,
    openAt: async () => ({ stream: Readable.from([bytes]), offset: 0 }),
  });
}
