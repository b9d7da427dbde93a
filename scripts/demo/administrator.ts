import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveCommand } from './command.ts';
import { newPassword } from './settings.ts';

/** The console's first user. */
export interface Administrator {
  readonly login: string;
  readonly password: string;
}

/** Makes an administrator of the console with a password for this run alone, by the command that a site would use. */
export async function makeAdministrator(configPath: string, folder: string): Promise<Administrator> {
  const administrator = { login: 'admin', password: newPassword() };
  const file = join(folder, 'admin.password');
  await writeFile(file, `${administrator.password}\n`, { mode: 0o600 });
  const args = ['user', 'add', administrator.login, '--role', 'admin', '--name', 'Администратор'];
  await giveCommand(configPath, [...args, '--password-file', file]);
  return administrator;
}

/** Sends the administrators' daily digest now. */
export async function sendDigest(configPath: string): Promise<void> {
  await giveCommand(configPath, ['digest', '--send']);
}
