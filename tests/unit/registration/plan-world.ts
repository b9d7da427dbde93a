import { nextStep, type Step } from '../../../src/registration/plan.ts';
import type {
  AppealState,
  AttachmentState,
  CardState,
  PackageState,
  PendingChange,
} from '../../../src/registration/state.ts';
import { appealState, change, file, SETTINGS } from './states.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Package = Mutable<PackageState>;
type Card = Mutable<Omit<CardState, 'packages'>> & { packages: Package[] };
type World = Mutable<Omit<AppealState, 'cards' | 'attachments' | 'pending'>> & {
  cards: Card[];
  attachments: Mutable<AttachmentState>[];
  pending: PendingChange[];
};

/** How the outside takes one step. */
export type Luck = 'good' | 'transient' | 'refused' | 'crash-before' | 'crash-after';

/** A package that was written to the channel, as the СЭД may see it. */
export interface Written {
  readonly card: Card;
  readonly package: Package;
}

const MOST_STEPS = 200;

/**
 * One appeal with its rows held in memory, and a worker that does what nextStep says, as badly as it is told to. The
 * rows change as the statements of the flow change them; nothing else lives through a crash.
 */
export class PlanWorld {
  readonly state: World;
  readonly written: Written[] = [];
  /** Content of every package that was ever begun or written, by its key: it must never differ. */
  readonly contents = new Map<string, string>();
  /** Kinds of steps, in order. */
  readonly did: string[] = [];
  private changes = 10;
  private files = 0;

  constructor() {
    const { cards: _cards, attachments: _attachments, pending: _pending, ...rest } = appealState();
    this.state = { ...rest, cards: [], attachments: [], pending: [] };
  }

  addFile(): void {
    this.files += 1;
    this.state.attachments.push(
      file(`a${this.files}`, { seenAt: this.state.now, nextTryAt: this.state.now }),
    );
  }

  /** A change as the intake stores it: an appeal that was withdrawn before its card is judged afresh. */
  addChange(kind: string): PendingChange {
    this.changes += 1;
    const added = change(String(this.changes), kind, { at: this.state.now });
    this.state.newest = { changeId: added.id, raw: `raw ${added.id}` };
    if (this.state.stage === 'open') this.state.pending.push(added);
    else if (kind === 'REPEATED') this.state.stage = 'open';
    return added;
  }

  pass(ms: number): void {
    this.state.now += ms;
  }

  next(): Step {
    return nextStep(this.state, SETTINGS, this.state.now);
  }

  /** Works until there is nothing to do now; each step meets the next luck, and good luck after the last. */
  work(luck: readonly Luck[]): 'rest' | 'wait' | 'stopped' {
    const left = [...luck];
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const step = this.next();
      if (step.do === 'rest') return 'rest';
      if (step.do === 'wait') {
        if (step.until <= this.state.now) throw new Error('waits for the past');
        return 'wait';
      }
      this.did.push(step.do);
      if (!this.take(step, left.shift() ?? 'good')) return 'stopped';
    }
    throw new Error(`no rest after ${MOST_STEPS} steps: ${this.did.slice(-6).join(' ')}`);
  }

  /** A person's command; what was refused or is silent goes again. */
  resend(): void {
    const refused = this.state.cards.flatMap((card) =>
      card.packages.filter((p) => p.part > 0 && p.stage === 'failed' && isNewest(card, p)),
    );
    if (refused.length > 0) {
      for (const pkg of refused) pkg.stage = 'again';
      return;
    }
    const stuck = this.state.cards.filter((card) => card.stage === 'attention');
    if (stuck.length > 0) {
      for (const card of stuck) card.stage = 'planned';
      return;
    }
    for (const card of this.state.cards) {
      if (!['sent', 'taken', 'received'].includes(card.stage)) continue;
      const silent = card.packages.find(
        (p) => p.part === 0 && ['sent', 'taken', 'received'].includes(p.stage),
      );
      if (silent === undefined) continue;
      silent.stage = 'writing';
      card.stage = 'planned';
    }
  }

  receive({ card, package: pkg }: Written): void {
    if (!isNewest(card, pkg) || !['writing', 'sent', 'taken'].includes(pkg.stage)) return;
    pkg.stage = 'received';
    if (pkg.part === 0 && ['planned', 'sent', 'taken'].includes(card.stage)) card.stage = 'received';
  }

  refuse({ card, package: pkg }: Written, code: number): void {
    if (!isNewest(card, pkg) || ['registered', 'failed', 'again'].includes(pkg.stage)) return;
    if (pkg.part === 0 && card.stage === 'registered') return;
    if (Math.floor(code / 10) === 5 && pkg.begun > 1) return;
    pkg.stage = 'failed';
    if (pkg.part === 0) card.stage = 'attention';
  }

  register({ card, package: pkg }: Written): void {
    card.stage = 'registered';
    card.number ??= `ОГ-${card.id}`;
    card.date ??= '2026-11-22';
    for (const own of card.packages) if (own.part === 0 && own.stage !== 'failed') own.stage = 'registered';
    if (pkg.part > 0 && pkg.stage !== 'failed' && pkg.stage !== 'again') pkg.stage = 'registered';
  }

  /** Loses a file of a package that is begun but not written. */
  loseFile(): void {
    const begun = this.state.cards.flatMap((card) => card.packages).find((p) => p.stage === 'writing');
    const lost = this.state.attachments.find(
      (known) => known.state === 'stored' && begun?.attachments.includes(known.id),
    );
    if (lost !== undefined) Object.assign(lost, { state: 'wanted', sha256: null, nextTryAt: this.state.now });
  }

  private take(step: Exclude<Step, { do: 'rest' | 'wait' }>, luck: Luck): boolean {
    if (luck === 'crash-before') return false;
    switch (step.do) {
      case 'fetch':
        for (const { id } of step.attachments) this.fetch(id, luck);
        break;
      case 'begin':
        this.begin(step);
        break;
      case 'write':
        if (!this.write(step.card as Card, step.package as Package, luck)) return false;
        break;
      case 'note':
        this.settle([step.change.id]);
        break;
      case 'cancel':
        this.state.stage = 'withdrawn';
        this.state.pending = [];
        break;
    }
    return luck !== 'crash-after';
  }

  private fetch(id: string, luck: Luck): void {
    const known = this.state.attachments.find((candidate) => candidate.id === id);
    if (known === undefined || known.state !== 'wanted') throw new Error('fetches what is not wanted');
    if (!this.state.cabinetActive) throw new Error('asks for a file of a paused cabinet');
    if (luck === 'transient') known.nextTryAt = this.state.now + 60_000;
    else if (luck === 'refused') known.state = 'refused';
    else Object.assign(known, { state: 'stored', sha256: `sha-${id}`, storedSize: 10 });
  }

  private begin(step: Extract<Step, { do: 'begin' }>): void {
    const { state } = this;
    let card = state.cards.find((known) => known.repetition === step.repetition);
    if (card === undefined) {
      card = {
        id: `k${state.cards.length + 1}`,
        repetition: step.repetition,
        documentUid: `uid ${step.repetition}`,
        channel: 'delo-1',
        stage: 'planned',
        number: null,
        date: null,
        packages: [],
      };
      state.cards.push(card);
    }
    if (card.packages.some((p) => p.part === step.part && p.attempt === step.attempt)) {
      throw new Error('begins what was begun');
    }
    const { copyOf } = step;
    const own = step.addition === null ? undefined : step.change?.id;
    const changeId = copyOf?.changeId ?? own ?? state.newest?.changeId ?? '';
    card.packages.push({
      id: `${card.id}.${step.part}.${step.attempt}`,
      part: step.part,
      attempt: step.attempt,
      addition: step.addition,
      subject: copyOf?.subject ?? step.change?.identity ?? '',
      channel: 'delo-1',
      changeId,
      attachments: copyOf?.attachments ?? step.attachments.map(({ id }) => id),
      missing: copyOf?.missing ?? step.missing.map(({ name }) => ({ name, reason: 'нет' })),
      earlier: step.earlier ?? null,
      headerTime: state.now,
      stage: 'writing',
      begun: 1,
      writeFailures: 0,
    });
    this.settle(this.shown(step, changeId));
  }

  private shown(step: Extract<Step, { do: 'begin' }>, changeId: string): string[] {
    const { pending } = this.state;
    if (step.part > 0) return step.change === undefined ? [] : [step.change.id];
    const opener = pending.findIndex(({ id }) => id === step.change?.id);
    return pending
      .filter(
        ({ id, change: kind }, index) =>
          index <= opener || (Number(id) <= Number(changeId) && kind !== 'WITHDRAWN' && kind !== 'REPEATED'),
      )
      .map(({ id }) => id);
  }

  private write(card: Card, pkg: Package, luck: Luck): boolean {
    const key = `${card.repetition}/${pkg.part}/${pkg.attempt}`;
    const { changeId, attachments, missing, earlier, headerTime, addition } = pkg;
    const content = JSON.stringify({ changeId, attachments, missing, earlier, headerTime, addition });
    if ((this.contents.get(key) ?? content) !== content)
      throw new Error(`${key} is written with another content`);
    this.contents.set(key, content);
    const lacks = this.state.attachments.some((f) => f.state === 'wanted' && pkg.attachments.includes(f.id));
    if (lacks) throw new Error('writes a package whose file is not there');
    pkg.begun += 1;
    if (luck === 'transient') return false;
    if (luck === 'refused') {
      // The mapping cannot say it: nothing is written, a person is asked.
      if (pkg.part === 0) card.stage = 'attention';
      else pkg.stage = 'failed';
      return false;
    }
    if (!this.written.some((known) => known.package === pkg)) this.written.push({ card, package: pkg });
    if (luck === 'crash-after') return false;
    pkg.stage = 'sent';
    if (card.stage === 'planned') card.stage = 'sent';
    return true;
  }

  private settle(ids: readonly string[]): void {
    this.state.pending = this.state.pending.filter(({ id }) => !ids.includes(id));
  }
}

function isNewest(card: Card, pkg: Package): boolean {
  return !card.packages.some((other) => other.part === pkg.part && other.attempt > pkg.attempt);
}
