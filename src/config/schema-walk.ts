import { z } from 'zod';

type Schema = z.core.$ZodType;

/** The schema under optional, default, prefault and transform: what a person writes. */
export function unwrap(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return schema;
}

/** The members of an object schema, undefined for anything else. */
export function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

/** The schema at a path of keys and indexes, undefined where there is none. */
export function schemaAt(root: Schema, path: readonly PropertyKey[]): Schema | undefined {
  let current: Schema | undefined = root;
  for (const key of path) {
    if (current === undefined) return undefined;
    current = typeof key === 'number' ? elementOf(current) : memberOf(current, String(key));
  }
  return current;
}

function memberOf(schema: Schema, key: string): Schema | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodRecord ? inner.valueType : shapeOf(inner)?.[key];
}

/** The element schema of a list, undefined for anything else. */
export function elementOf(schema: Schema): Schema | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodArray ? inner.element : undefined;
}

/** The description given at any layer of the schema, the outermost first. */
export function descriptionOf(schema: Schema): string | undefined {
  const own = schema instanceof z.ZodType ? schema.description : undefined;
  if (own !== undefined) return own;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return descriptionOf(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? descriptionOf(schema.in) : undefined;
}

/** Whether a value may be left out, and the default as it would be written. */
export function defaultOf(schema: Schema): { readonly optional: boolean; readonly value?: unknown } {
  if (schema instanceof z.ZodPipe) return defaultOf(schema.in);
  if (schema instanceof z.ZodOptional) return { optional: true };
  if (schema instanceof z.ZodDefault) return { optional: true, value: schema.def.defaultValue };
  return { optional: schema instanceof z.ZodPrefault };
}
