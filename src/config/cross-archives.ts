import { doubled, type Place, place, type Report } from './cross-places.ts';
import { isRecord } from './env.ts';
import { type ConfigProblem, formatProblem } from './problems.ts';
import type { RawConfig } from './sources.ts';
import { didYouMean } from './suggest.ts';

interface Entry {
  readonly data: unknown;
  readonly problem: Report;
}

/**
 * Archives and showcases: doubled names; a showcase that names a cabinet or an archive that is not there, a cabinet that
 * names such an archive; one cardfile in two showcases, whose cards would count twice on the platform.
 */
export function archiveProblems(raw: RawConfig): ConfigProblem[] {
  const archives = entriesOf(raw, 'archives');
  const showcases = entriesOf(raw, 'showcases');
  const ids = (entries: readonly Entry[]) => entries.map((entry) => place(entry.data, 'id', entry.problem));
  const names = (entries: readonly Entry[]) =>
    ids(entries).flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  const named = (entries: readonly Entry[], key: string) =>
    entries.map((entry) => place(entry.data, key, entry.problem));
  return [
    ...doubled('id архива', ids(archives)),
    ...doubled('id витрины', ids(showcases)),
    ...unknown(
      'архива',
      [...named(showcases, 'archive'), ...named(raw.cabinets, 'archive')],
      names(archives),
    ),
    ...unknown('кабинета', named(showcases, 'cabinet'), names(raw.cabinets)),
    ...sharedCardfiles(showcases),
  ];
}

/** Entries of a list of the main file as written. */
export function entriesOf(raw: RawConfig, section: 'archives' | 'showcases'): Entry[] {
  const list = isRecord(raw.main) && Array.isArray(raw.main[section]) ? raw.main[section] : [];
  return list.map((data: unknown, index) => ({
    data,
    problem: (at, message) => raw.problem([section, index, ...at], message),
  }));
}

function unknown(what: string, places: readonly Place[], known: readonly string[]): ConfigProblem[] {
  const there = known.length === 0 ? 'не задано ни одного' : `есть: ${known.join(', ')}`;
  return places.flatMap(({ value, at }) => {
    if (typeof value !== 'string' || known.includes(value)) return [];
    return [at(`${what} «${value}» нет${didYouMean(value, known)}; ${there}`)];
  });
}

/** A cardfile is one of its archive: another archive may have the same DUE. */
function sharedCardfiles(showcases: readonly Entry[]): ConfigProblem[] {
  const first = new Map<string, ConfigProblem>();
  return showcases.flatMap(({ data, problem }) => {
    const list = isRecord(data) && Array.isArray(data['cardfiles']) ? data['cardfiles'] : [];
    const archive = isRecord(data) ? String(data['archive']) : '';
    return list.flatMap((due: unknown, index) => {
      if (typeof due !== 'string') return [];
      const at = ['cardfiles', index];
      const key = JSON.stringify([archive, due]);
      const earlier = first.get(key);
      if (earlier === undefined) {
        first.set(key, problem(at, ''));
        return [];
      }
      const where = formatProblem(earlier).replace(/: $/, '');
      return [problem(at, `картотека «${due}» уже названа: ${where}; её карточки выгрузились бы дважды`)];
    });
  });
}
