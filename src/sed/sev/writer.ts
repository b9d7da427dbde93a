import { Fault, toFault } from '../../model/errors.ts';
import { renderTemplate } from '../../text/template.ts';
import type {
  CardRequest,
  PartnerReportRequest,
  RenderedPackage,
  SedChannel,
  SedExchange,
  WriteOutcome,
} from '../port.ts';
import type { CardMapping } from './card-mapping.ts';
import { lookupOf } from './card-variables.ts';
import { checkChannelFolders } from './check-channel.ts';
import { DOC_INFO, renderDocInfo } from './doc-info.ts';
import { renderEnvelope } from './envelope.ts';
import { identify } from './identity.ts';
import { waitingIn } from './outbox.ts';
import { packageFiles } from './package-files.ts';
import { writePackage } from './package-writer.ts';
import { renderPartnerReport } from './partner-report.ts';
import { sweepTemporary } from './temporary.ts';

/** The half of the СЭВ driver that writes. */
export type SevWriter = Pick<
  SedExchange,
  'identify' | 'render' | 'write' | 'renderReport' | 'report' | 'waiting' | 'checkChannel'
>;

/** How often a writer looks for what dead writers left in its folders. */
const SWEEP_MS = 3_600_000;

/** Makes the writing half for these channels; the mapping is already checked, so nothing of it can fail later. */
export function createSevWriter(options: {
  readonly channels: ReadonlyMap<string, SedChannel> | readonly SedChannel[];
  readonly mapping: CardMapping;
  readonly showsPlatformBorn?: (opaId: string) => boolean;
}): SevWriter {
  const channels: ReadonlyMap<string, SedChannel> =
    options.channels instanceof Map
      ? options.channels
      : new Map([...options.channels.values()].map((channel) => [channel.id, channel]));
  const swept = new Map<string, number>();

  return {
    identify,
    render,
    write: async (request, signal) => await put(channelOf(request.channel), render(request), signal),
    renderReport,
    report: async (request, signal) => await put(channelOf(request.channel), renderReport(request), signal),
    waiting: async (channel, messageDirs) => await waitingIn(channelOf(channel).out, messageDirs, channel),
    checkChannel: async (channel) => await checkChannelFolders(channelOf(channel)),
  };

  function render(request: CardRequest): RenderedPackage {
    const { cabinet, channel } = request;
    try {
      const showsPlatformBorn = options.showsPlatformBorn?.(cabinet.opaId) ?? false;
      const told = { ...request, cabinet: { showsPlatformBorn, ...cabinet } };
      return renderPackage(channelOf(channel), told, options.mapping);
    } catch (error) {
      throw toFault(error);
    }
  }

  function renderReport(request: PartnerReportRequest): RenderedPackage {
    try {
      return renderPartnerReport(channelOf(request.channel), request);
    } catch (error) {
      throw toFault(error);
    }
  }

  async function put(
    { id, out }: SedChannel,
    rendered: RenderedPackage,
    signal: AbortSignal | undefined,
  ): Promise<WriteOutcome> {
    await sweepSometimes(out);
    return await writePackage(out, rendered, { channel: id, ...(signal === undefined ? {} : { signal }) });
  }

  function channelOf(id: string): SedChannel {
    const channel = channels.get(id);
    if (channel === undefined)
      throw new Fault('CONFIG_INVALID', { detail: `нет канала СЭД «${id}»`, field: 'channels' });
    return channel;
  }

  async function sweepSometimes(folder: string): Promise<void> {
    const now = performance.now();
    if (now - (swept.get(folder) ?? Number.NEGATIVE_INFINITY) < SWEEP_MS) return;
    swept.set(folder, now);
    // What is wrong with the folder, if anything, the writing itself will tell better.
    await sweepTemporary(folder).catch(() => undefined);
  }
}

function renderPackage(channel: SedChannel, request: CardRequest, mapping: CardMapping): RenderedPackage {
  const { cabinet, appeal } = request;
  const card = mapping.resolve({
    opaId: cabinet.opaId,
    kind: appeal.kind,
    ...(cabinet.region === undefined ? {} : { region: cabinet.region }),
  });
  const identity = identify(request.key);
  const { files, textFile } = packageFiles(request, card, identity.documentUid);
  const lookup = lookupOf({ request, dictionaries: card.dictionaries, fullTextFile: '' });
  const subject = renderTemplate(card.envelopeSubject, lookup).text.trim();
  return {
    identity,
    files: [
      { name: DOC_INFO, content: renderDocInfo({ request, identity, channel, card, files, textFile }) },
      ...files.map(({ diskName, content }) => ({ name: diskName, content })),
    ],
    envelope: renderEnvelope(channel, identity.messageDir, subject),
  };
}
