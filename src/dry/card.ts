import type { PolledCabinet } from '../intake/intake.ts';
import { toFault } from '../model/errors.ts';
import type { AppealState } from '../registration/state.ts';
import { buildRequest, drawUp } from '../registration/write-card.ts';
import type { DryMessage, DryRunDeps } from './dry-run.ts';
import { aboutFile } from './folder.ts';
import type { OutgoingStep } from './port.ts';

/** All that makes a card is there: which part of it fired is seen in the document. */
const RULE = 'mappings/card.yaml';

/**
 * The package of a step as it would stand in the channel's folder. One that was never begun bears as its time the moment
 * when the appeal was first seen. What the mapping cannot say is told in `message.json`, as attention would tell it.
 */
export async function dryCard(
  deps: DryRunDeps,
  state: AppealState,
  step: OutgoingStep,
  cabinet: PolledCabinet,
): Promise<DryMessage> {
  const { card, package: pkg } = step.do === 'write' ? step : drawUp(deps, state, step, cabinet);
  const { opaId, posId } = state;
  const key = { opaId, posId, repetition: card.repetition, part: pkg.part, attempt: pkg.attempt };
  const { messageDir } = deps.sed.identify(key);
  const about = {
    to: 'СЭД',
    channel: pkg.channel,
    rule: RULE,
    part: pkg.part,
    attempt: pkg.attempt,
    addition: pkg.addition,
    messageDir,
  };
  const name = ['card', messageDir];
  try {
    const request = await buildRequest(deps, state, card, pkg, cabinet);
    const { files, envelope } = deps.sed.render(request);
    return {
      name,
      files: [
        aboutFile(about),
        ...files.map((file) => ({ path: `${messageDir}/${file.name}`, content: file.content })),
        { path: `${messageDir}.env`, content: envelope },
      ],
    };
  } catch (error) {
    const { code, kind, detail } = toFault(error);
    if (kind !== 'rejected') throw error;
    return {
      name,
      files: [aboutFile({ ...about, error: { code, detail } })],
    };
  }
}
