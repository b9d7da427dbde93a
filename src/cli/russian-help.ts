import type { Command } from 'commander';

const TITLES: Readonly<Record<string, string>> = {
  'Usage:': 'Вызов:',
  'Arguments:': 'Аргументы:',
  'Options:': 'Параметры:',
  'Global Options:': 'Общие параметры:',
  'Commands:': 'Команды:',
};

const ERRORS: readonly (readonly [RegExp, string])[] = [
  [/^error: unknown command '(.+)'/, 'Нет такой команды: «$1».'],
  [/^error: unknown option '(.+)'/, 'Нет такого параметра: «$1».'],
  [/^error: missing required argument '(.+)'/, 'Не хватает аргумента «$1».'],
  [/^error: required option '(.+)' not specified/, 'Не задан обязательный параметр «$1».'],
  [/^error: option '(.+)' argument missing/, 'После параметра «$1» нужно значение.'],
  [
    /^error: too many arguments.*\. Expected (\d+) arguments? but got (\d+)\.?/,
    'Лишние аргументы: нужно $1, а написано $2.',
  ],
  [/\(Did you mean (?:one of )?(.+)\?\)/, 'Возможно, вы имели в виду: $1.'],
];

/** Gives a program, and every command made of it later, Russian help and Russian words for wrong calls. */
export function speakRussian(program: Command): Command {
  return program
    .helpOption('-h, --help', 'показать помощь')
    .helpCommand('help [команда]', 'показать помощь о команде')
    .configureHelp({
      styleTitle: (title) => TITLES[title] ?? title,
      styleUsage: (usage) => usage.replace('[options]', '[параметры]').replace('[command]', '[команда]'),
      subcommandTerm: (command) => {
        const words = command.registeredArguments.map((argument) => `<${argument.name()}>`);
        return [command.name(), ...words].join(' ');
      },
    })
    .configureOutput({ outputError: (text, write) => write(russianError(text)) })
    .showHelpAfterError('Помощь: posrednik --help');
}

/** Commander's words for a wrong call, in Russian; words that a later version brings pass as they are. */
export function russianError(text: string): string {
  return ERRORS.reduce((result, [pattern, words]) => result.replace(pattern, words), text);
}
