import type { ErrorCode } from '../model/error-codes.ts';
import { toFault } from '../model/errors.ts';
import type { PlatformReplies, RenderedCall } from '../platform/port.ts';
import type { SedEvent, SedEventKind } from '../sed/port.ts';
import type { RepliesDeps } from './deps.ts';
import type { AnswerFile, Decision } from './interpret.ts';
import { decideAll, deliveryKey } from './interpret-step.ts';
import type { CardEvents } from './state.ts';

export interface ExplainDeps extends Pick<RepliesDeps, 'rules' | 'limits'> {
  readonly platform: Pick<PlatformReplies, 'renderStatus' | 'renderAnswer'>;
}

/** Events of one message, and what the flow would know of their card from elsewhere. */
export interface ExplainInput {
  readonly events: readonly SedEvent[];
  /** Files that came with the message. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly opaId: string;
  readonly posId: string;
  readonly timeZone: string;
  /** The platform's term of the appeal, epoch ms. */
  readonly answerAt: number | null;
  /** The term that earlier Reports told, a day: without one, a term of this message is the card's first. */
  readonly earlierTerm?: string;
  /** Stands for the time of a fact that tells none, epoch ms. */
  readonly now: number;
}

/** What the rules make of one event. */
export interface Explanation {
  readonly kind: SedEventKind;
  readonly at: string;
  readonly rule: string;
  readonly result: 'sent' | 'attention' | 'nothing';
  /** The call that would be made, without the token; ids of files stand as their places. */
  readonly call?: RenderedCall;
  /** Uploaded before the call, in this order. */
  readonly files?: readonly { readonly name: string; readonly size: number }[];
  readonly error?: { readonly code: ErrorCode; readonly detail: string };
}

/**
 * Which rule fires for each event of a message and what would go to the platform: by the functions that the flow itself
 * uses, in the order in which it would go. Sends and stores nothing.
 */
export function explainEvents(deps: ExplainDeps, input: ExplainInput): Explanation[] {
  const card = cardOf(input);
  return decideAll(deps, { answerAt: input.answerAt }, card, input.timeZone).map(({ event, decision }) => {
    const head = { kind: event.kind, at: new Date(event.at).toISOString(), rule: decision.rule };
    const key = deliveryKey(input, card, event);
    return { ...head, ...outcomeOf(deps, input, key, decision) };
  });
}

/** The card as the message alone shows it. */
function cardOf({ events, files, earlierTerm, now }: ExplainInput): CardEvents {
  const registered = events.find((event) => event.kind === 'registration')?.data ?? {};
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    id: '0',
    repetition: '',
    number: textOf(registered['number']),
    date: textOf(registered['date']),
    fresh: events.map((event, index) => ({
      id: String(index),
      kind: event.kind,
      subject: event.subject,
      at: event.at?.getTime() ?? now,
      data: event.data,
      files: files.map((file) => ({ ...file, sha256: '' })),
    })),
    deadlines: earlierTerm === undefined ? [] : [{ day: earlierTerm, at: 0 }],
    deliveries: [],
  };
}

function outcomeOf(
  { platform }: ExplainDeps,
  { opaId, posId }: ExplainInput,
  key: string,
  decision: Decision,
): Pick<Explanation, 'result' | 'call' | 'files' | 'error'> {
  if (decision.make === 'nothing') return { result: 'nothing' };
  const files = namesOf(decision.files);
  if (decision.make === 'attention') {
    return { result: 'attention', files, error: { code: decision.code, detail: decision.detail } };
  }
  const { payload } = decision;
  try {
    const call =
      payload.kind === 'status'
        ? platform.renderStatus(opaId, posId, key, payload)
        : platform.renderAnswer(
            opaId,
            posId,
            key,
            payload,
            files.map((_file, index) => `<id файла ${index + 1}>`),
          );
    return { result: 'sent', call, files };
  } catch (error) {
    // A kind of answer, say, that mappings/platform.yaml does not spell.
    const { code, detail } = toFault(error);
    return { result: 'attention', files, error: { code, detail: detail ?? '' } };
  }
}

function namesOf(files: readonly AnswerFile[]): { readonly name: string; readonly size: number }[] {
  return files.map(({ name, size }) => ({ name, size }));
}
