// Prints the program's commands with their options as JSON: {"quarantine list": ["--json"], …}. The program itself
// builds them; only their running is taken out, so that one start of it tells of all.
import { Command } from 'commander';

function leaves(command: Command, words: readonly string[]): [string, string[]][] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((inner) => leaves(inner, [...words, inner.name()]));
  }
  return [[words.join(' '), command.options.flatMap(({ long }) => long ?? [])]];
}

Command.prototype.parseAsync = async function parseAsync(this: Command) {
  process.stdout.write(JSON.stringify(Object.fromEntries(leaves(this, []))));
  return this;
};
await import('../../../src/main.ts');
