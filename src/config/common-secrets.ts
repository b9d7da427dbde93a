import { Fault } from '../model/errors.ts';
import type { Environment } from './env.ts';
import type { ResolvedConfig } from './load.ts';
import { readSecret, type SecretSource, secretSource } from './secrets.ts';

/** Secrets that belong to no cabinet; read at each call, kept nowhere. */
export interface SecretReaders {
  /** Connection address of PostgreSQL with its password; undefined = the embedded database. */
  databaseUrl(): Promise<string | undefined>;
  /** Undefined when `smtp.user` is not set: the server is used without log-in. */
  smtpPassword(): Promise<string | undefined>;
}

/**
 * Order for the database: POSREDNIK_DATABASE_URL_FILE, POSREDNIK_DATABASE_URL, DATABASE_URL_FILE, DATABASE_URL,
 * then `database.url`. For SMTP: `smtp.passwordFile`, POSREDNIK_SMTP_PASSWORD_FILE, POSREDNIK_SMTP_PASSWORD.
 * Every reader throws SECRET_UNREADABLE naming the file or variable.
 */
export function secretReaders(config: ResolvedConfig, env: Environment, cwd: string): SecretReaders {
  return {
    databaseUrl: async () => {
      const source = databaseSource(env, cwd);
      if (source === undefined) return config.database.url;
      const url = await readSecret(source, env);
      if (/^postgres(ql)?:\/\//.test(url)) return url;
      throw new Fault('SECRET_UNREADABLE', {
        detail: `${nameOf(source)}: нужен адрес вида postgresql://пользователь:пароль@хост:5432/база`,
      });
    },
    smtpPassword: async () => {
      const { smtp } = config;
      if (smtp?.user === undefined) return undefined;
      const variable = 'POSREDNIK_SMTP_PASSWORD';
      const places = { fileVariable: `${variable}_FILE`, variable };
      const source = secretSource(
        smtp.passwordFile === undefined ? places : { ...places, file: smtp.passwordFile },
        env,
        cwd,
      );
      if (source !== undefined) return await readSecret(source, env);
      throw new Fault('SECRET_UNREADABLE', {
        detail: `пароль почты не задан: укажите smtp.passwordFile или переменную ${variable}_FILE или ${variable}`,
      });
    },
  };
}

function databaseSource(env: Environment, cwd: string): SecretSource | undefined {
  for (const variable of ['POSREDNIK_DATABASE_URL', 'DATABASE_URL']) {
    const source = secretSource({ fileVariable: `${variable}_FILE`, variable }, env, cwd);
    // An empty variable is how a compose file says «not set».
    if (source !== undefined && (source.kind === 'file' || env[source.name] !== '')) return source;
  }
  return undefined;
}

function nameOf(source: SecretSource): string {
  return source.kind === 'file' ? `файл ${source.path}` : `переменная ${source.name}`;
}
