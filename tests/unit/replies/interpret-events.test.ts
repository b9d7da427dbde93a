import { describe, expect, it } from '@jest/globals';
import { interpretEvent } from '../../../src/replies/interpret.ts';
import type { SedEventKind } from '../../../src/sed/port.ts';
import { context, event, rulesWith } from './interpret-support.ts';

const rules = rulesWith();
const EXECUTOR = {
  responsible: true,
  person: { fio: 'Петров Пётр Петрович', post: 'главный специалист' },
  department: 'Отдел дорог',
  organization: { name: 'Администрация' },
};

describe('what an event of the СЭД means for the platform', () => {
  it('a registration: taken to work with number and day of the card, its time and the comment', () => {
    expect(interpretEvent(event('registration', { number: 'ОГ-5/26' }), rules, context())).toEqual({
      make: 'delivery',
      rule: 'Регистрация',
      files: [],
      payload: {
        kind: 'status',
        role: 'takeToWork',
        at: '2026-03-10T09:00:00.000Z',
        card: { number: 'ОГ-5/26', date: '2026-03-02' },
        comment: 'Карточка ОГ-5/26 от 02.03.2026',
      },
    });
  });

  it('a registration that told no number sends no card', () => {
    const decision = interpretEvent(
      event('registration'),
      rules,
      context({ card: { number: null, date: null } }),
    );
    expect(decision).toMatchObject({ make: 'delivery', payload: { role: 'takeToWork' } });
    expect(decision).not.toHaveProperty('payload.card');
  });

  it('a resolution: the responsible executor in parts', () => {
    const decision = interpretEvent(event('consideration', { executor: EXECUTOR }), rules, context());
    expect(decision).toMatchObject({
      make: 'delivery',
      rule: 'Исполнитель',
      payload: {
        role: 'setExecutor',
        executor: { surname: 'Петров', name: 'Пётр', patronymic: 'Петрович', position: 'главный специалист' },
      },
    });
    expect(decision).not.toHaveProperty('payload.comment');
  });

  it('an executor that is a department alone is not made a person', () => {
    const data = { executor: { responsible: true, department: 'Отдел дорог' } };
    const decision = interpretEvent(event('consideration', data), rules, context());
    expect(decision).toMatchObject({ make: 'delivery', payload: { role: 'setExecutor' } });
    expect(decision).not.toHaveProperty('payload.executor');
  });

  it.each([
    ['a project', { isProject: true, executor: EXECUTOR }, 'Проект'],
    ['a private resolution', { privacy: true, executor: EXECUTOR }, 'Личное'],
    ['a sub-resolution', { parentTaskId: '7', executor: EXECUTOR }, 'Подчинённое'],
    ['a co-executor', { executor: { ...EXECUTOR, responsible: false } }, 'нет правила для consideration'],
    ['nonsense', { executor: 'нет', isProject: 5 }, 'нет правила для consideration'],
  ])('%s gives nothing', (_what, data, rule) => {
    expect(interpretEvent(event('consideration', data), rules, context())).toEqual({ make: 'nothing', rule });
  });

  it.each<SedEventKind>(['reception', 'failure', 'forwarding', 'report', 'answer-announced'])(
    '%s gives nothing by default',
    (kind) => {
      expect(interpretEvent(event(kind, { reportText: 'x' }), rules, context())).toEqual({
        make: 'nothing',
        rule: `нет правила для ${kind}`,
      });
    },
  );

  it('a site may send an executor’s report as a comment, by a word of it', () => {
    const site = rulesWith({
      rules:
        '  - { name: Отчёт, on: report, when: { text: "ЯМОЧНЫЙ", organization: "админ" }, send: setExecutor, comment: "{{post|upper}}: {{reportText|cut:9}}" }',
    });
    const data = { text: 'Провести ямочный ремонт', reportText: 'Сделано вчера', executor: EXECUTOR };
    expect(interpretEvent(event('report', data), site, context())).toMatchObject({
      payload: { comment: expect.stringMatching(/^ГЛАВНЫЙ СПЕЦИАЛИСТ: Сделано/) },
    });
    const other = { ...data, text: 'Покрасить забор' };
    expect(interpretEvent(event('report', other), site, context())).toMatchObject({ make: 'nothing' });
  });

  it('of two rules that fit the first counts', () => {
    const site = rulesWith({ rules: '  - { name: Ничего, on: registration, send: nothing }' });
    expect(interpretEvent(event('registration'), site, context())).toEqual({
      make: 'nothing',
      rule: 'Ничего',
    });
  });

  it('a rule may look at the group of the registered document', () => {
    const site = rulesWith({
      rules: '  - { name: Приём, on: registration, when: { group: "приём" }, send: nothing }',
    });
    const of = (group: unknown) => interpretEvent(event('registration', { group }), site, context());
    expect(of({ name: 'Личный ПРИЁМ граждан' })).toEqual({ make: 'nothing', rule: 'Приём' });
    expect(of({ name: 'Письма граждан' })).toMatchObject({ make: 'delivery' });
    expect(of(undefined)).toMatchObject({ make: 'delivery' });
  });
});

describe('a redirection goes by the table of organisations', () => {
  const table = rulesWith({
    forward:
      '[{ uid: "7701", name: Комитет по дорогам, to: subordinate, opaId: "100002" }, { name: Правительство области, to: parent }]',
  });
  const to = (organization: unknown) =>
    interpretEvent(event('redirection', { organization }), table, context());

  it('by UID, whatever the name', () => {
    expect(to({ uid: '7701', name: 'Дорожный комитет' })).toMatchObject({
      make: 'delivery',
      payload: {
        role: 'forwardToSubordinate',
        forwardTo: { name: 'Комитет по дорогам', opaId: '100002' },
      },
    });
  });

  it('by name, in any case and with spaces around, with no opaId where the table gives none', () => {
    expect(to({ uid: '55', name: ' правительство ОБЛАСТИ ' })).toMatchObject({
      make: 'delivery',
      payload: { role: 'forwardToParent', forwardTo: { name: 'Правительство области' } },
    });
    expect(to({ name: 'Комитет по дорогам' })).toMatchObject({ payload: { forwardTo: { opaId: '100002' } } });
  });

  it.each([
    [
      'another organisation',
      { uid: '9', name: 'Прокуратура' },
      'организации «Прокуратура» нет в таблице forward',
    ],
    [
      'a namesake with a UID of its own',
      { uid: '8802', name: 'Комитет по дорогам' },
      'организации «Комитет по дорогам» нет в таблице forward',
    ],
    ['nobody named', undefined, 'организация не названа'],
    ['nonsense', 'комитет', 'организация не названа'],
  ])('%s is never guessed', (_what, organization, detail) => {
    expect(to(organization)).toMatchObject({ make: 'attention', code: 'FORWARD_TARGET_UNKNOWN', detail });
  });
});
