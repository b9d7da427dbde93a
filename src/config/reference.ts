import { z } from 'zod';
import { configSchema } from './schema.ts';
import { defaultOf, descriptionOf, elementOf, shapeOf, unwrap } from './schema-walk.ts';

/** One setting for the reference page. */
export interface SettingRow {
  /** `console.port`, `channels[].out`. */
  readonly path: string;
  /** Russian name of the type. */
  readonly type: string;
  /** As it would be written; undefined when there is none. */
  readonly fallback?: string;
  readonly required: boolean;
  readonly meaning: string;
  /** Environment variable; lists show the first entry, `__0__`. */
  readonly variable: string;
}

export interface SettingGroup {
  /** Empty for the top level. */
  readonly path: string;
  readonly meaning: string;
  /** The whole section may be left out, and then none of its required settings is. */
  readonly optional: boolean;
  readonly rows: readonly SettingRow[];
}

/** All settings, grouped by section, in the order of the schema. */
export function settingGroups(): SettingGroup[] {
  const top: SettingRow[] = [];
  const groups: SettingGroup[] = [];
  for (const [key, schema] of Object.entries(configSchema.shape)) {
    const rows = rowsOf(schema, [key]);
    if (isSection(schema))
      groups.push({
        path: key,
        meaning: descriptionOf(schema) ?? '',
        optional: schema instanceof z.ZodOptional,
        rows,
      });
    else top.push(...rows);
  }
  return [{ path: '', meaning: 'Общие настройки', optional: false, rows: top }, ...groups];
}

/** JSON Schema of what a person writes, for editors. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

type Schema = z.core.$ZodType;

function isSection(schema: Schema): boolean {
  return shapeOf(schema) !== undefined || shapeOf(elementOf(schema) ?? schema) !== undefined;
}

function rowsOf(schema: Schema, path: readonly string[]): SettingRow[] {
  const element = elementOf(schema);
  const shape = shapeOf(schema) ?? (element === undefined ? undefined : shapeOf(element));
  if (shape !== undefined) {
    const base = element === undefined ? path : [...path.slice(0, -1), `${path.at(-1)}[]`];
    return Object.entries(shape).flatMap(([key, child]) => rowsOf(child, [...base, key]));
  }
  const { optional, value } = defaultOf(schema);
  return [
    {
      path: path.join('.'),
      type: typeWords(schema),
      required: !optional,
      ...(value === undefined ? {} : { fallback: written(value) }),
      meaning: descriptionOf(schema) ?? '',
      variable: variableOf(path),
    },
  ];
}

/** `platform.baseUrl` → `POSREDNIK_PLATFORM__BASE_URL`. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((part) =>
    part
      .replace('[]', '__0')
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase(),
  );
  return `POSREDNIK_${words.join('__')}`;
}

function written(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function typeWords(schema: Schema): string {
  if (schema instanceof z.ZodPipe) return isDuration(schema) ? 'длительность' : 'размер';
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return inner.options.join(' \\| ');
  if (inner instanceof z.ZodArray) return 'список строк';
  if (inner instanceof z.ZodBoolean) return 'true \\| false';
  if (inner instanceof z.ZodNumber)
    return inner.isInt ? numberWords('целое', inner) : numberWords('число', inner);
  if (inner instanceof z.ZodISODate) return 'день ГГГГ-ММ-ДД';
  if (inner instanceof z.ZodURL) return 'адрес';
  return 'строка';
}

/** Durations and sizes are both text read into a number; the unit of the default tells which. */
function isDuration(schema: z.ZodPipe): boolean {
  return /(ms|s|m|h|d)$/.test(String(defaultOf(schema).value));
}

function numberWords(name: string, schema: z.ZodNumber): string {
  const { minValue, maxValue } = schema;
  if (minValue === null || maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER) return name;
  return `${name} ${minValue}–${maxValue}`;
}
