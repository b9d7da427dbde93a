import { hash } from 'node:crypto';
import { Fault } from '../../../src/model/errors.ts';
import { resendCards } from '../../../src/registration/commands.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';
import { acceptMessage } from '../../../src/registration/sed-events.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import type { CardRequest, SedExchange } from '../../../src/sed/port.ts';
import { type About, failure, reception, registration } from './messages.ts';
import { jobOf, type Rig } from './rig.ts';
import { type AppealRow, appealOf, cardsOf, packagesOf } from './rows.ts';

export type WriteLuck = 'good' | 'transient' | 'invalid' | 'dies-before' | 'dies-after';

export type Action =
  | { readonly do: 'work'; readonly luck: readonly WriteLuck[] }
  | { readonly do: 'change'; readonly kind: 'WITHDRAWN' | 'REPEATED' | 'AMENDED' | 'TERM_MOVED' | 'RATED' }
  | { readonly do: 'file' }
  | { readonly do: 'files-fail'; readonly on: boolean }
  | { readonly do: 'age'; readonly ms: number }
  | { readonly do: 'pause'; readonly on: boolean }
  | { readonly do: 'resend' }
  | { readonly do: 'report'; readonly kind: 'reception' | 'registration'; readonly at: number }
  | { readonly do: 'failure'; readonly code: number; readonly at: number };

/** What the СЭД has of our packages, in the order in which they came; a package may come twice. */
interface Arrived extends About {
  readonly messageId: string;
}

/**
 * One appeal on the real database, worked on by the real flow and answered by a СЭД held in memory, as badly as it
 * is told to. The СЭД checks what it gets: the same message is always the same bytes.
 */
export class RandomWorld {
  readonly posId: string;
  readonly arrived: Arrived[] = [];
  readonly changes: string[] = [];
  private readonly bytes = new Map<string, string>();
  private readonly rig: Rig;
  private luck: WriteLuck[] = [];
  private workers = 0;

  constructor(rig: Rig, posId: string) {
    this.rig = rig;
    this.posId = posId;
  }

  async run(action: Action): Promise<void> {
    const { rig, posId } = this;
    switch (action.do) {
      case 'work':
        this.luck = [...action.luck];
        return await this.work();
      case 'change':
        this.changes.push(action.kind);
        return await rig.change(posId, action.kind, { description: `Текст ${this.changes.length}` });
      case 'file': {
        const content = `файл ${posId} ${this.changes.length} ${Math.random()}`;
        this.changes.push('AMENDED');
        return await rig.change(posId, 'AMENDED', { files: [{ name: 'а.jpg', content }] });
      }
      case 'files-fail':
        rig.platform.clearFaults();
        if (action.on) rig.platform.fault({ route: 'file', kind: 'status', status: 503, body: '{}' });
        return;
      case 'age':
        rig.clock.offset += action.ms;
        return await rig.age(posId, action.ms);
      case 'pause':
        await rig.db.query('UPDATE cabinet SET state = $1', [action.on ? 'paused' : 'active']);
        return;
      case 'resend':
        await resendCards(rig.database.dataSource, posId);
        return;
      case 'report': {
        const at = this.arrived[action.at % Math.max(1, this.arrived.length)];
        if (at === undefined) return;
        const told = action.kind === 'reception' ? reception(at) : registration(at);
        return await acceptMessage(rig.deps, told);
      }
      case 'failure': {
        const at = this.arrived[action.at % Math.max(1, this.arrived.length)];
        if (at === undefined) return;
        return await acceptMessage(rig.deps, failure(at, action.code));
      }
    }
  }

  /** From now on all goes well, and a person sends again what asks for it. Throws when it never comes to rest. */
  async settle(): Promise<void> {
    const { rig, posId } = this;
    rig.platform.clearFaults();
    await this.run({ do: 'pause', on: false });
    for (let round = 0; round < 80; round += 1) {
      this.luck = [];
      await this.run({ do: 'age', ms: 900_001 });
      await this.work();
      const packages = await packagesOf(rig.db, posId);
      const waiting = packages.filter(({ stage }) => ['sent', 'taken', 'received'].includes(stage));
      for (const pkg of waiting) {
        const at = this.arrived.find(({ messageId }) => messageId === pkg.message_id);
        if (at === undefined) throw new Error('sent, but never arrived');
        await acceptMessage(rig.deps, registration(at));
      }
      const cards = await cardsOf(rig.db, posId);
      const refused = packages.some(
        (pkg) => pkg.part > 0 && pkg.stage === 'failed' && isNewest(pkg, packages),
      );
      const stuck = refused || cards.some(({ stage }) => stage === 'attention');
      if (stuck) await resendCards(rig.database.dataSource, posId);
      // A Registration may have given more to do.
      if (!stuck && waiting.length === 0 && (await this.isAtRest())) return;
    }
    throw new Error('does not settle');
  }

  appeal(): Promise<AppealRow> {
    return appealOf(this.rig.db, this.posId);
  }

  private async isAtRest(): Promise<boolean> {
    const { due_at } = await this.appeal();
    const packages = await packagesOf(this.rig.db, this.posId);
    return (
      due_at === null && packages.every(({ stage }) => ['registered', 'failed', 'again'].includes(stage))
    );
  }

  /** The next process: whatever the last one remembered is gone. */
  private async work(): Promise<void> {
    const { rig } = this;
    const { id, opa_id } = await this.appeal();
    rig.queue.takeAppeals();
    this.workers += 1;
    const died = Promise.withResolvers<void>();
    const deps: RegistrationDeps = rig.worker({
      owner: `w${this.workers}`,
      sed: this.exchange(died.resolve),
    });
    await Promise.race([workAppeals(deps, [jobOf({ appealId: id, opaId: opa_id })]), died.promise]);
  }

  private exchange(die: () => void): SedExchange {
    const { sed } = this.rig;
    const deadForEver = new Promise<never>(() => undefined);
    return {
      ...sed,
      write: async (request) => {
        const luck = this.luck.shift() ?? 'good';
        if (luck === 'dies-before') {
          die();
          return await deadForEver;
        }
        if (luck === 'transient') throw new Fault('SED_FOLDER_UNAVAILABLE', { detail: 'as told' });
        if (luck === 'invalid') throw new Fault('CARD_MAPPING_INVALID', { detail: 'as told' });
        this.take(request);
        if (luck === 'dies-after') {
          die();
          return await deadForEver;
        }
        return 'written';
      },
    };
  }

  private take(request: CardRequest): void {
    const { identity, files } = this.rig.sed.render(request);
    const content = hash(
      'sha256',
      JSON.stringify(
        files.map(({ name, content: bytes }) => [
          name,
          bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : bytes.sha256,
        ]),
      ),
      'hex',
    );
    if ((this.bytes.get(identity.messageId) ?? content) !== content) {
      throw new Error(`package ${request.key.part}/${request.key.attempt} came with other bytes`);
    }
    this.bytes.set(identity.messageId, content);
    const { documentUid, returnId, messageId } = identity;
    this.arrived.push({ documentUid, returnId, messageId });
  }
}

export function isNewest(
  pkg: { readonly card_id: string; readonly part: number; readonly attempt: number },
  all: readonly { readonly card_id: string; readonly part: number; readonly attempt: number }[],
): boolean {
  return !all.some(
    (other) => other.card_id === pkg.card_id && other.part === pkg.part && other.attempt > pkg.attempt,
  );
}
