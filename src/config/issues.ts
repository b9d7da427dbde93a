import type { z } from 'zod';
import { schemaAt, shapeOf } from './schema-walk.ts';
import { archiveVariable, cabinetVariable } from './secrets.ts';
import { didYouMean } from './suggest.ts';

export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const SECRET_WORDS = /^(password|passwd|pass|pwd|secret|token|пароль)$/i;

/** A parse's issues as findings: one for each unknown key, with the name that was probably meant. */
export function findings(schema: z.ZodType, error: z.ZodError, data: unknown): Finding[] {
  return error.issues.flatMap((issue): Finding[] => {
    if (issue.code === 'invalid_key') {
      return [{ path: issue.path, message: issue.issues[0]?.message ?? issue.message }];
    }
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
    const at = schemaAt(schema, issue.path);
    const known = at === undefined ? [] : Object.keys(shapeOf(at) ?? {});
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: SECRET_WORDS.test(key)
        ? secretRefusal(issue.path, known, data)
        : `нет такой настройки${didYouMean(key, known)}`,
    }));
  });
}

/** Why a password does not stand in the settings, and where to put it: the words differ by place. */
function secretRefusal(path: readonly PropertyKey[], known: readonly string[], data: unknown): string {
  const refusal = 'секреты в файле настроек не хранят: удалите строку';
  if (!known.includes('passwordFile')) return `${refusal} и задайте секрет файлом или переменной окружения`;
  const variable = secretVariable(known, idAt(data, path) ?? '<ID>');
  return `${refusal}, положите пароль в отдельный файл и укажите его в passwordFile, либо задайте переменную ${variable}_FILE или ${variable}`;
}

function secretVariable(known: readonly string[], id: string): string {
  if (known.includes('opaId')) return cabinetVariable(id);
  return known.includes('baseUrl') ? archiveVariable(id) : 'POSREDNIK_SMTP_PASSWORD';
}

function idAt(data: unknown, path: readonly PropertyKey[]): string | undefined {
  let current = data;
  for (const key of [...path, 'id']) {
    current = typeof current === 'object' && current !== null ? Reflect.get(current, key) : undefined;
  }
  return typeof current === 'string' && /^[a-z0-9-]+$/.test(current) ? current : undefined;
}
