import type { Logger } from 'pino';
import { ERROR_CODES } from '../../model/error-codes.ts';
import { toFault } from '../../model/errors.ts';
import type { MailAttachment } from './outbox.ts';
import { type MailBlock, type RenderedBody, renderBody } from './render.ts';

/** What one part of a digest has to say. */
export interface SectionContent {
  readonly blocks: readonly MailBlock[];
  readonly attachments?: readonly MailAttachment[];
}

/** One part of a digest; `render` may fail, and gives undefined when it has nothing to say. */
export interface DigestSection {
  /** Heading, in Russian; also told when the part fails. */
  readonly title: string;
  render(): Promise<SectionContent | undefined>;
}

export interface Digest extends RenderedBody {
  readonly attachments: readonly MailAttachment[];
  /** Parts that had something to say. */
  readonly filled: number;
  /** Parts that failed; the mail says which and why. */
  readonly failed: number;
}

/**
 * Makes a digest of its parts, one after the other. A part that fails never stops the mail: in its place stands what
 * happened, and the rest goes (docs/errors.md has the codes). The caller sends none when `filled` and `failed` are 0.
 */
export async function renderDigest(
  log: Logger,
  title: string,
  sections: readonly DigestSection[],
): Promise<Digest> {
  const blocks: MailBlock[] = [];
  const attachments: MailAttachment[] = [];
  let filled = 0;
  let failed = 0;
  for (const section of sections) {
    try {
      const content = await section.render();
      if (content === undefined) continue;
      // A body that cannot be written is the section's own failure, so it is tried here.
      renderBody(section.title, content.blocks);
      blocks.push({ kind: 'heading', text: section.title }, ...content.blocks);
      attachments.push(...(content.attachments ?? []));
      filled += 1;
    } catch (error) {
      const { code } = toFault(error);
      log.error({ section: section.title, code, err: error }, 'digest section failed');
      const words = `Этот раздел подготовить не удалось: ${ERROR_CODES[code].title} (${code}). Остальные разделы полны.`;
      blocks.push({ kind: 'heading', text: section.title }, { kind: 'paragraph', text: words });
      failed += 1;
    }
  }
  return { ...renderBody(title, blocks), attachments, filled, failed };
}
