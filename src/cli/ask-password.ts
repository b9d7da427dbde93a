import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { randomPassword } from '../console/users/password.ts';
import { Fault } from '../model/errors.ts';
import { thrown } from '../store/thrown.ts';

export interface PasswordFlags {
  readonly passwordFile?: string;
  readonly random?: boolean;
}

export interface AskedPassword {
  readonly password: string;
  /** Made here: to be shown once. */
  readonly isRandom: boolean;
}

/**
 * A new password: from a file, made by us, asked on a terminal twice without showing it, else the standard input. Never an
 * argument: those are seen in the list of processes and kept by shells.
 * @throws Fault COMMAND_INVALID, SECRET_UNREADABLE
 */
export async function askPassword(
  { passwordFile, random }: PasswordFlags,
  input: NodeJS.ReadStream = process.stdin,
): Promise<AskedPassword> {
  if (random === true && passwordFile !== undefined) {
    throw invalid('--random и --password-file вместе не бывают');
  }
  if (random === true) return { password: randomPassword(), isRandom: true };
  if (passwordFile !== undefined)
    return { password: firstLine(await readSecret(passwordFile)), isRandom: false };
  if (!input.isTTY) return { password: firstLine(await text(input)), isRandom: false };
  const password = await askHidden('Пароль: ', input);
  if (password !== (await askHidden('Ещё раз: ', input))) throw invalid('пароли не совпадают');
  return { password, isRandom: false };
}

async function readSecret(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'UNKNOWN' } = thrown(error);
    throw new Fault('SECRET_UNREADABLE', { detail: `--password-file: ${code}`, cause: error });
  }
}

/** Editors end a file with a line feed, which is no part of the password. */
function firstLine(content: string): string {
  return content.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0] ?? '';
}

async function askHidden(question: string, input: NodeJS.ReadStream): Promise<string> {
  process.stderr.write(question);
  // The line editor echoes to its output: into nothing.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output, terminal: true });
  const { promise, reject } = Promise.withResolvers<never>();
  lines.once('SIGINT', () => reject(new Fault('STOPPED')));
  lines.once('close', () => reject(new Fault('STOPPED')));
  promise.catch(() => undefined);
  try {
    return await Promise.race([lines.question(''), promise]);
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
