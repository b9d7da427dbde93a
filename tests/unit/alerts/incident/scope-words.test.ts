import { describe, expect, it } from '@jest/globals';
import { cabinetsOf, scopesOf } from '../../../../src/alerts/incident/scope.ts';
import { scopeWords } from '../../../../src/alerts/incident/scope-words.ts';
import { WORLD } from './world.ts';

describe('where an incident is, in words', () => {
  it.each([
    ['cabinet:city', 'Кабинет Мэрия (city)', 'Cabinet Мэрия (city)'],
    ['cabinet:100', 'Кабинет Мэрия (city)', 'Cabinet Мэрия (city)'],
    ['opa:100', 'Кабинет Мэрия (city)', 'Cabinet Мэрия (city)'],
    ['opa:300', 'Кабинет far', 'Cabinet far'],
    // One that has left the settings.
    ['opa:999', 'Кабинет 999', 'Cabinet 999'],
    ['cabinet:gone', 'Кабинет gone', 'Cabinet gone'],
    ['channel:main', 'Канал СЭД main', 'СЭД channel main'],
    [
      'channel:main:not-taken',
      'Канал СЭД main: пакеты не забраны',
      'СЭД channel main: packages not taken away',
    ],
    ['channel:main:code-39', 'Канал СЭД main: отказ с кодом 39', 'СЭД channel main: refused with code 39'],
    ['channel:main:toString', 'Канал СЭД main: toString', 'СЭД channel main: toString'],
    ['showcase:region', 'Витрина region', 'Showcase region'],
    ['archive:delo', 'Архив СЭД delo', 'СЭД archive delo'],
    ['platform', 'Платформа', 'Platform'],
    ['smtp', 'Почтовый сервер', 'Mail server'],
    ['settings', 'Настройки', 'Settings'],
    ['registration', 'Создание карточек', 'Making of cards'],
    ['moon:1', 'moon:1', 'moon:1'],
  ])('%s', (scope, russian, english) => {
    expect(scopeWords(scope, WORLD)).toBe(russian);
    expect(scopeWords(scope, WORLD, 'en')).toBe(english);
  });

  it('a name is put in as it is', () => {
    const cabinets = [{ id: 'a', opaId: '1', channel: 'main', name: '$& {name} $1' }];
    expect(scopeWords('cabinet:a', { cabinets, showcases: [] })).toBe('Кабинет $& {name} $1 (a)');
  });

  it('the breaker of a cabinet concerns that cabinet, and its filter finds it', () => {
    expect(cabinetsOf('cabinet:100', WORLD)).toEqual(['city']);
    expect(scopesOf('city', WORLD).whole).toEqual(
      expect.arrayContaining(['cabinet:city', 'cabinet:100', 'opa:100']),
    );
  });
});
