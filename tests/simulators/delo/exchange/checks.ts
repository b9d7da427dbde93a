import { checkGrammar } from '../sev/grammar-check.ts';
import {
  attribute,
  child,
  children,
  type Element,
  hasBom,
  parseXml,
  textAt,
  XmlFault,
} from '../sev/parse.ts';
import { SEV_NAMESPACE } from '../sev/xml.ts';
import type { PackageFault, TakenPackage } from './package.ts';

/** A message that was looked at. `refusal`: it cannot become a document, and why. */
export interface CheckedMessage {
  readonly root?: Element;
  readonly faults: readonly PackageFault[];
  readonly refusal?: { readonly code: number; readonly text: string };
}

const DOCUMENT_TYPES = ['MainDoc', 'AddToDoc'];
const REPORT_TYPES = ['Report', 'Reception', 'Failure'];

/** All elements of that name, at any depth. */
function descendants(element: Element, name: string): readonly Element[] {
  const found: Element[] = [];
  for (const candidate of element.children) {
    if (candidate.name === name) found.push(candidate);
    found.push(...descendants(candidate, name));
  }
  return found;
}

function checkResources(root: Element, taken: TakenPackage): PackageFault[] {
  const faults: PackageFault[] = [];
  const header = child(root, 'Header');
  const byUid = new Map<string, string>();
  const names = new Set<string>();
  for (const resource of children(child(header, 'ResourceList'), 'Resource')) {
    const uid = attribute(resource, 'UID') ?? '';
    const name = attribute(resource, 'UniqueName') ?? '';
    if (byUid.has(uid)) faults.push({ code: 'resource-uid', text: `Resource/@UID ${uid} повторяется` });
    if (names.has(name)) faults.push({ code: 'resource-name', text: 'имя в ResourceList повторяется' });
    if (!taken.files.has(name)) {
      faults.push({ code: 'resource-missing', text: `файла ресурса ${uid} нет в папке` });
    }
    byUid.set(uid, name);
    names.add(name);
  }
  for (const name of taken.files.keys()) {
    if (!names.has(name))
      faults.push({ code: 'resource-extra', text: 'в папке есть файл, которого нет в ResourceList' });
  }
  const own = attribute(header, 'ResourceID') ?? '';
  if (byUid.get(own) !== taken.xmlName) {
    faults.push({ code: 'resource-header', text: 'Header/@ResourceID не указывает на само сообщение' });
  }
  const used = new Set([own]);
  for (const file of descendants(root, 'File')) {
    const id = attribute(file, 'ResourceID') ?? '';
    used.add(id);
    const name = byUid.get(id);
    if (name === undefined) {
      faults.push({ code: 'file-resource', text: `File/@ResourceID ${id} нет в ResourceList` });
      continue;
    }
    const found = taken.files.get(name);
    if (found !== undefined && Number(attribute(file, 'Size')) !== Math.ceil(found.size / 1024)) {
      faults.push({ code: 'file-size', text: `File/@Size ресурса ${id} не равен его размеру в КБ` });
    }
  }
  for (const signature of descendants(root, 'EDS')) used.add(attribute(signature, 'ResourceID') ?? '');
  for (const uid of byUid.keys()) {
    if (!used.has(uid))
      faults.push({ code: 'resource-unused', text: `ресурс ${uid} не принадлежит документу` });
  }
  return faults;
}

function checkDocuments(root: Element, messageType: string): CheckedMessage {
  const faults: PackageFault[] = [];
  const documents = children(child(root, 'DocumentList'), 'Document');
  const ids = documents.map((document) => attribute(document, 'DocumentID') ?? '');
  if (new Set(ids).size !== ids.length) faults.push({ code: 'document-id', text: 'DocumentID повторяется' });
  const main = documents.filter((document) =>
    /^\s*(true|1)\s*$/.test(attribute(document, 'MainDocument') ?? ''),
  );
  if (main.length !== 1) faults.push({ code: 'main-document', text: 'главный документ должен быть один' });
  for (const document of documents) {
    for (const link of children(document, 'Link')) {
      const target = attribute(link, 'DocumentID');
      if (target !== undefined && !ids.includes(target)) {
        faults.push({ code: 'link', text: `Link/@DocumentID ${target} нет среди документов сообщения` });
      }
    }
  }
  if (messageType === 'MainDoc' && child(root, 'Subscriptions') === undefined) {
    faults.push({ code: 'subscriptions', text: 'нет Subscriptions: отчётов не будет' });
  }
  const [document] = main;
  if (document === undefined) return { faults, refusal: { code: 12, text: 'Нет главного документа' } };
  if ((attribute(document, 'UID') ?? '') === '') {
    return { faults, refusal: { code: 13, text: 'У главного документа нет UID' } };
  }
  if (textAt(document, 'RegistrationInfo', 'Number') === undefined) {
    return { faults, refusal: { code: 38, text: 'Не указан регистрационный номер документа' } };
  }
  const author = child(document, 'Author');
  const named =
    textAt(author, 'PrivatePerson', 'FIO') ?? textAt(author, 'Contact', 'Organization', 'ShortName');
  if (messageType === 'MainDoc' && named === undefined) {
    return { faults, refusal: { code: 39, text: 'Не указан автор документа' } };
  }
  return { faults };
}

function checkRoot(root: Element, taken: TakenPackage): PackageFault[] {
  const faults: PackageFault[] = [];
  if (root.namespace !== SEV_NAMESPACE) {
    faults.push({ code: 'namespace', text: 'пространство имён не СЭВ' });
  }
  if (taken.xmlName !== `${root.name}.xml`)
    faults.push({ code: 'root', text: `корень ${root.name} не по имени файла` });
  const allowed = root.name === 'Report' ? REPORT_TYPES : DOCUMENT_TYPES;
  const type = attribute(child(root, 'Header'), 'MessageType') ?? '';
  if (!allowed.includes(type))
    faults.push({ code: 'message-type', text: `MessageType ${type} не для ${root.name}` });
  return faults;
}

/** Looks at a taken message strictly: XML, vendor's schema, resources on disk, documents and links. */
export function checkMessage(taken: TakenPackage): CheckedMessage {
  const faults = [...taken.faults];
  if (taken.xml === undefined) {
    faults.push({ code: 'no-message', text: 'в папке нет ни DocInfo.xml, ни Report.xml' });
    return { faults };
  }
  if (!hasBom(taken.xml)) faults.push({ code: 'bom', text: 'сообщение без метки BOM' });
  let root: Element;
  try {
    root = parseXml(taken.xml);
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    faults.push({ code: 'xml', text: `сообщение не читается: ${error.message}` });
    return { faults };
  }
  faults.push(...checkRoot(root, taken));
  const grammar = checkGrammar(root, SEV_NAMESPACE);
  for (const text of grammar) faults.push({ code: 'xsd', text });
  faults.push(...checkResources(root, taken));
  if (root.name === 'Report') return { root, faults };
  const documents = checkDocuments(root, attribute(child(root, 'Header'), 'MessageType') ?? '');
  faults.push(...documents.faults);
  if (documents.refusal?.code === 39) return { root, faults, refusal: documents.refusal };
  const missing = faults.some(({ code }) => code === 'resource-missing' || code === 'file-resource');
  const wrong = faults.some(({ code }) => code === 'namespace' || code === 'root' || code === 'message-type');
  if (grammar.length > 0 || wrong) {
    return { root, faults, refusal: { code: 11, text: 'Сообщение не соответствует формату' } };
  }
  if (missing) return { root, faults, refusal: { code: 14, text: 'Нет файла, названного в сообщении' } };
  return { root, faults, ...(documents.refusal && { refusal: documents.refusal }) };
}
