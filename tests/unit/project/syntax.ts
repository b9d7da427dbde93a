import { parseSync } from '@swc/core';
import { read } from './tree.ts';

export interface Import {
  readonly from: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

export interface Source {
  readonly path: string;
  readonly imports: readonly Import[];
  /** Forbidden syntax, by name. */
  readonly forbidden: readonly string[];
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const FORBIDDEN: Readonly<Record<string, string>> = {
  TsEnumDeclaration: 'enum',
  TsModuleDeclaration: 'namespace',
  TsParameterProperty: 'parameter property',
  TsNonNullExpression: 'non-null assertion',
  ExportDefaultDeclaration: 'default export',
  ExportDefaultExpression: 'default export',
};

/** What a source file imports, and what in it the house rules forbid: read from its syntax tree, not its text. */
export function parseSource(path: string): Source {
  return { path, ...examine(read(path)) };
}

export function examine(text: string): Omit<Source, 'path'> {
  const imports: Import[] = [];
  const forbidden: string[] = [];
  walk(parseSync(text, { syntax: 'typescript', target: 'es2024' }), (node) => {
    const name = FORBIDDEN[node.type];
    if (name !== undefined) forbidden.push(name);
    if (node.type === 'TsKeywordType' && node['kind'] === 'any') forbidden.push('any');
    const imported = importOf(node);
    if (imported !== undefined) imports.push(imported);
  });
  return { imports, forbidden };
}

function importOf(node: Node): Import | undefined {
  if (node.type === 'CallExpression' && isNode(node['callee']) && node['callee'].type === 'Import') {
    const [first] = node['arguments'] as { readonly expression: Node }[];
    const from = first?.expression['value'];
    return { from: typeof from === 'string' ? from : '(computed)', typeOnly: false, dynamic: true };
  }
  const source = node['source'];
  if (!/^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type) || !isNode(source)) return undefined;
  const specifiers = (node['specifiers'] ?? []) as { readonly isTypeOnly?: boolean }[];
  const allTypes = specifiers.length > 0 && specifiers.every((each) => each.isTypeOnly === true);
  return { from: String(source['value']), typeOnly: node['typeOnly'] === true || allTypes, dynamic: false };
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, visit);
  else if (typeof value === 'object' && value !== null) {
    if (isNode(value)) visit(value);
    for (const each of Object.values(value)) walk(each, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** The package of an import: `pino`, `@swc/core`; undefined for our own files and Node's modules. */
export function packageOf(from: string): string | undefined {
  if (from.startsWith('.') || from.startsWith('node:')) return undefined;
  return from.split('/', from.startsWith('@') ? 2 : 1).join('/');
}
