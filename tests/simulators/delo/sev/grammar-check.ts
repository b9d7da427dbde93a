import { GRAMMAR, SIMPLE_TYPES } from './grammar.ts';
import type { Element } from './parse.ts';
import { SEV_NAMESPACE } from './xml.ts';

const SEV_EXTENSION_PREFIX = `${SEV_NAMESPACE}/Ext`;

interface Particle {
  readonly name: string;
  readonly type: string;
  readonly min: number;
  readonly max: number;
}

interface AttributeRule {
  readonly type: string;
  readonly required: boolean;
}

interface Rule {
  /** Type of the text, when the element has text instead of children. */
  readonly text?: string;
  readonly particles: readonly Particle[];
  readonly attributes: ReadonlyMap<string, AttributeRule>;
}

const OCCURRENCES: Readonly<Record<string, readonly [number, number]>> = {
  '?': [0, 1],
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
};

function parseParticle(token: string): Particle {
  const mark = token.at(-1) ?? '';
  const occurrence = OCCURRENCES[mark];
  const [name = '', given] = (occurrence ? token.slice(0, -1) : token).split(':');
  const type = given ?? (name in GRAMMAR ? name : 'string');
  const [min, max] = occurrence ?? [1, 1];
  return { name, type, min, max };
}

function parseRule(notation: string): Rule {
  const [content = '', attributePart = ''] = notation.split('|');
  const attributes = new Map<string, AttributeRule>();
  for (const token of attributePart.split(' ').filter((part) => part !== '')) {
    const required = token.endsWith('!');
    const [name = '', type = 'string'] = (required ? token.slice(0, -1) : token).split(':');
    attributes.set(name, { type, required });
  }
  const tokens = content.split(' ').filter((part) => part !== '');
  const first = tokens[0];
  if (first?.startsWith('=')) return { text: first.slice(1), particles: [], attributes };
  return { particles: tokens.map(parseParticle), attributes };
}

const RULES = new Map(Object.entries(GRAMMAR).map(([type, notation]) => [type, parseRule(notation)]));

function checkText(element: Element, type: string, path: string, faults: string[]): void {
  if (element.children.length > 0) faults.push(`${path}: вложенные элементы недопустимы`);
  // The value itself may be personal data: it is not repeated.
  if (!(SIMPLE_TYPES[type] ?? /^/).test(element.text)) faults.push(`${path}: значение не типа ${type}`);
}

function checkAttributes(element: Element, rule: Rule, path: string, faults: string[]): void {
  for (const [name, { type, required }] of rule.attributes) {
    const value = element.attributes.get(name);
    if (value === undefined) {
      if (required) faults.push(`${path}/@${name}: нет обязательного атрибута`);
    } else if (!(SIMPLE_TYPES[type] ?? /^/).test(value)) {
      faults.push(`${path}/@${name}: значение не типа ${type}`);
    }
  }
  for (const name of element.attributes.keys()) {
    if (!rule.attributes.has(name)) faults.push(`${path}/@${name}: неизвестный атрибут`);
  }
}

function checkSequence(
  element: Element,
  rule: Rule,
  namespace: string,
  path: string,
  faults: string[],
): void {
  let index = 0;
  for (const particle of rule.particles) {
    let count = 0;
    while (element.children[index]?.name === particle.name && count < particle.max) {
      const found = element.children[index];
      if (found !== undefined) checkElement(found, particle.type, namespace, `${path}/${found.name}`, faults);
      index += 1;
      count += 1;
    }
    if (count < particle.min) faults.push(`${path}: нет обязательного элемента ${particle.name}`);
  }
  const stray = element.children[index];
  if (stray !== undefined) faults.push(`${path}: элемент ${stray.name} лишний или не на своём месте`);
  if (element.text.trim() !== '') faults.push(`${path}: текст между элементами`);
}

function checkElement(
  element: Element,
  type: string,
  namespace: string,
  path: string,
  faults: string[],
): void {
  const extension = element.namespace.startsWith(SEV_EXTENSION_PREFIX);
  if (element.namespace !== namespace && !extension) faults.push(`${path}: чужое пространство имён`);
  if (type === 'any') return;
  const rule = RULES.get(type);
  if (rule === undefined) {
    checkText(element, type, path, faults);
    if (element.attributes.size > 0) faults.push(`${path}: неизвестный атрибут`);
    return;
  }
  checkAttributes(element, rule, path, faults);
  if (rule.text === undefined) checkSequence(element, rule, namespace, path, faults);
  else checkText(element, rule.text, path, faults);
  if (type === 'OfficialPerson' && !element.children.some(({ name }) => name === 'FIO' || name === 'Post')) {
    faults.push(`${path}: нужен FIO или Post`);
  }
}

/** Every way in which the tree leaves the vendor's XSD; an empty list means that it is valid. */
export function checkGrammar(root: Element, namespace: string): readonly string[] {
  if (!RULES.has(root.name)) return [`неизвестный корневой элемент ${root.name}`];
  const faults: string[] = [];
  checkElement(root, root.name, namespace, root.name, faults);
  return faults;
}
