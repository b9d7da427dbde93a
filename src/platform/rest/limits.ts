import type { PlatformMapping } from './mapping.ts';

/** What the platform takes of an answer's files; the flow asks before it sends. */
export interface AnswerLimits {
  readonly maxFiles: number;
  /** Bytes of one file. */
  readonly maxFileBytes: number;
  /** Extensions that are taken: lower case, without the dot. */
  readonly types: ReadonlySet<string>;
}

/** Limits of mappings/platform.yaml (contracts/platform-rest.md, section 3). */
export function answerLimits(mapping: PlatformMapping): AnswerLimits {
  const { answerFiles, uploadFileBytes, uploadTypes } = mapping.limits;
  return {
    maxFiles: answerFiles,
    maxFileBytes: uploadFileBytes,
    types: new Set(Object.keys(uploadTypes).map((type) => type.replace(/^\./, '').toLowerCase())),
  };
}

/** The part of a file name after its last dot, lower case; '' when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** A size for a person to read: «50 МБ», «1,5 КБ»; rounded down, so that a limit is never told too large. */
export function sizeWords(bytes: number): string {
  const units: readonly [number, string][] = [
    [1024 ** 2, 'МБ'],
    [1024, 'КБ'],
  ];
  const [size, unit] = units.find(([least]) => bytes >= least) ?? [1, 'Б'];
  return `${String(Math.floor((bytes / size) * 10) / 10).replace('.', ',')} ${unit}`;
}
