import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadDeloMapping, parseDeloMapping } from '../../../src/sed/delo/index.ts';
import { DELO_YAML, faultOf } from './support.ts';

function faultOfText(text: string): string {
  try {
    parseDeloMapping(text, 'delo.yaml');
  } catch (error) {
    const { code, detail } = error as { code: string; detail: string };
    expect(code).toBe('CONFIG_INVALID');
    return detail;
  }
  throw new Error('was expected to fail');
}

function changed(from: string, to: string): string {
  expect(DELO_YAML).toContain(from);
  return DELO_YAML.replace(from, to);
}

describe('mappings/delo.yaml', () => {
  it('as shipped is taken, a single value being as good as a list', () => {
    const mapping = parseDeloMapping(DELO_YAML, 'delo.yaml');
    expect(mapping.card.states.at(-1)).toEqual({ when: {}, value: 'IN_WORK' });
    expect(mapping.card.states[1]?.when).toEqual({
      'AR:Результат рассмотрения': ['Направлено по компетенции'],
    });
    expect(mapping.requisites.showcaseFlag).toBe('Выгрузка в витрину ПОС');
    expect(mapping.oldStatus.ANSWERED).toBe('Ответ дан');
    expect(mapping.session.lost).toEqual([401, 403, 434]);
  });

  it.each([
    ['version: 1', 'version: 2', /^delo\.yaml: version: поддерживается только version: 1$/],
    ['path: CoreHost/OData', 'path: /CoreHost/OData', /odata\.path: нужен путь/],
    ['maxUrl: 1900', 'maxUrl: 100', /odata\.maxUrl: не меньше 500/],
    ['paging: keyset', 'paging: pages', /odata\.paging: .*keyset/],
    ['range: "{from}:{to}"', 'range: "{from}{to}"', /odata\.criteria\.range: нужно \{from\}/],
    ['lost: [401, 403, 434]', 'lost: []', /session\.lost: нужен хотя бы один/],
    ['    - { when: {}, value: IN_WORK }\n', '', /card\.states: последнее правило/],
    ['value: MESSAGE', 'value: LETTER', /card\.kinds\[0\]\.value: /],
    ['regNumber: FREE_NUM', 'regNumber: "AR:Номер"', /card\.fields\.regNumber: /],
    ['oktmo: "AR:ОКТМО"', 'oktmo: "ОКТМО"', /card\.fields\.oktmo: нужно имя поля, путь через точку/],
    [
      'writeTo: "AR_RC_VALUE({isn})"',
      'writeTo: "AR_RC_VALUE"',
      /requisites\.writeTo: нужен адрес записи с \{isn\}/,
    ],
    ['posId: Номер ПОС', 'posID: Номер ПОС', /requisites\.posID: нет такой настройки.*posId/],
    [
      'DELIVERY_Ref, REF_LINK_List]',
      'REF_LINK_List]',
      /card\.channels\[1\]: связи «DELIVERY_Ref» нет в card\.expand/,
    ],
    ['[REF_RUBRIC_List, AR_RC', '[AR_RC', /card\.rubrics\.list: связи «REF_RUBRIC_List» нет/],
    ['AR_RC_VALUE_Ref, DELIVERY_Ref', 'DELIVERY_Ref', /requisites\.valuesAt: связи «AR_RC_VALUE_Ref» нет/],
    [
      'expand: [REF_RUBRIC_List,',
      'expand: [A, B, C, D, E, F, G, REF_RUBRIC_List,',
      /card\.expand: не больше десяти связей/,
    ],
    [
      '    - { REF_LINK_List.CLASSIF_NAME: [Повторно, Повторное обращение] }',
      '    - {}',
      /card\.repeated\[0\]: условие/,
    ],
  ])('names the place at fault: %s → %s', (from, to, words) => {
    expect(faultOfText(changed(from, to))).toMatch(words);
  });

  it('names all places at once', () => {
    const text = changed('maxUrl: 1900', 'maxUrl: 1')
      .replace('paging: keyset', 'paging: no')
      .replace('app: api', 'app: ""');
    expect(faultOfText(text).split('\n')).toHaveLength(3);
  });

  it('that is no YAML, or is not there, is told as such', async () => {
    expect(faultOfText('a: [')).toMatch(/это не YAML/);
    const folder = await mkdtemp(join(tmpdir(), 'delo-'));
    try {
      const missing = await faultOf(loadDeloMapping(join(folder, 'delo.yaml')));
      expect([missing.code, missing.detail]).toEqual([
        'CONFIG_INVALID',
        expect.stringContaining('файл не читается'),
      ]);
      await writeFile(join(folder, 'delo.yaml'), `\ufeff${DELO_YAML}`);
      expect((await loadDeloMapping(join(folder, 'delo.yaml'))).version).toBe(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
