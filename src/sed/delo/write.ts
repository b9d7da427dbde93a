import { Fault } from '../../model/errors.ts';
import { cutAtWord } from '../../text/cut.ts';
import type { Requisite, RequisiteWrite } from '../port.ts';
import { buildBatch, type Merge, outcomeOf, type PartOutcome, partsOf } from './batch.ts';
import type { DeloClient } from './client.ts';
import { apiNameOf, type Dictionaries } from './dictionaries.ts';
import type { DeloMapping } from './mapping-schema.ts';
import { isnOf } from './values.ts';

/**
 * Writes requisites by `$batch`, in parts of `odata.batch` cards. A MERGE may be done twice, so whatever broke on the way
 * is safe to repeat whole.
 * @throws Fault; what was written before stays written
 */
export async function writeAll(
  client: DeloClient,
  mapping: DeloMapping,
  dictionaries: Dictionaries,
  writes: readonly RequisiteWrite[],
  signal?: AbortSignal,
): Promise<PartOutcome[]> {
  const merges = writes.map((write) => mergeOf(mapping, dictionaries, write));
  const outcomes: PartOutcome[] = [];
  for (let at = 0; at < merges.length; at += mapping.odata.batch) {
    outcomes.push(...(await send(client, mapping, merges.slice(at, at + mapping.odata.batch), signal)));
  }
  return outcomes;
}

async function send(
  client: DeloClient,
  mapping: DeloMapping,
  merges: readonly Merge[],
  signal: AbortSignal | undefined,
): Promise<PartOutcome[]> {
  const { body, boundary } = buildBatch(merges);
  const answer = await client.batch(body, boundary, signal);
  const parts = partsOf(answer.text);
  if (parts.length === merges.length) return parts.map((part) => outcomeOf(mapping, part));
  if (merges.length === 1) {
    throw new Fault('SED_ARCHIVE_BAD_ANSWER', { detail: `ответов в $batch: ${parts.length}, нужен 1` });
  }
  // An archive that answers a batch as one whole tells nothing of its parts: each goes alone.
  const outcomes: PartOutcome[] = [];
  for (const merge of merges) outcomes.push(...(await send(client, mapping, [merge], signal)));
  return outcomes;
}

function mergeOf(mapping: DeloMapping, dictionaries: Dictionaries, { isn, values }: RequisiteWrite): Merge {
  if (isnOf(isn) === undefined) {
    throw new Fault('DEFECT', { detail: 'запись реквизита: ISN карточки не число' });
  }
  const { requisites } = mapping;
  const entries = Object.entries(values) as [Requisite, string][];
  return {
    target: requisites.writeTo.replace('{isn}', () => isn),
    values: Object.fromEntries(
      entries.map(([requisite, value]) => [
        apiNameOf(dictionaries, requisites[requisite]),
        requisite === 'showcaseFlag' ? flagText(mapping, value) : cutAtWord(value, requisites.maxLength),
      ]),
    ),
  };
}

function flagText({ requisites }: DeloMapping, value: string): string {
  return (value === 'true' ? requisites.flagYes : requisites.flagNo)[0] ?? value;
}
