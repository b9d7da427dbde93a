import { addAppeal } from './appeals.ts';
import { categoryOf } from './classifier.ts';
import { redirectReply } from './html.ts';
import { parseMultipart } from './multipart.ts';
import { newPage } from './page-forms.ts';
import type { Reply } from './reply.ts';
import type { PlatformState } from './state.ts';
import type { FileInput, WireApplicant } from './types.ts';

/** POST /new: makes an appeal of the citizen's form and shows it; a wrong form is shown again with the reason. */
export function takeNewAppeal(state: PlatformState, contentType: string | undefined, body: Buffer): Reply {
  const parts = parseMultipart(contentType, body);
  if (parts === undefined) return newPage(state, 'Форма пришла не полностью, отправьте ещё раз.');
  const field = (name: string): string =>
    parts
      .find((part) => part.name === name && part.fileName === undefined)
      ?.content.toString('utf8')
      .trim() ?? '';
  const opaId = field('cabinet');
  const category = categoryOf(field('category'));
  const description = field('text').replaceAll('\r\n', '\n');
  if (!state.cabinets.has(opaId)) return newPage(state, 'Выберите организацию.');
  if (category === undefined) return newPage(state, 'Выберите категорию.');
  if (description === '' || description.length > 4000) {
    return newPage(state, 'Опишите, что случилось: от 1 до 4000 знаков.');
  }
  const applicant: WireApplicant = { kind: 'PERSON', epguId: String(1_000_000_000 + state.nextPosId) };
  if (field('surname') !== '') applicant.surname = field('surname');
  if (field('name') !== '') applicant.name = field('name');
  const upload = parts.find((part) => part.name === 'file' && part.fileName);
  const files: FileInput[] =
    upload?.fileName === undefined ? [] : [{ name: upload.fileName, content: Buffer.from(upload.content) }];
  const address = field('address');
  const posId = addAppeal(state, opaId, {
    ...category,
    description,
    applicant,
    files,
    source: 'SITE',
    fastTrack: field('fastTrack') === '1',
    ...(address === '' ? {} : { location: { address } }),
  });
  return redirectReply(`/appeals/${opaId}/${posId}`);
}
