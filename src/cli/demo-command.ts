import { existsSync } from 'node:fs';

export interface DemoFlags {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly keep?: string;
}

/** Both are left out of an installation for work; the program itself needs neither. */
const NEEDED = ['../../scripts/demo.ts', '../../tests/simulators'];
const LEAVE_MS = 5_000;

/** `posrednik demo`: the whole on simulated neighbours; sets the exit code. */
export async function demoCommand(flags: DemoFlags): Promise<void> {
  process.exitCode = await run(flags);
  const { exitCode } = process;
  // All is stopped by now; whatever still holds the process must not hold the one who waits for it.
  setTimeout(() => process.exit(exitCode), LEAVE_MS).unref();
}

async function run(flags: DemoFlags): Promise<number> {
  if (!NEEDED.every((path) => existsSync(new URL(path, import.meta.url)))) {
    return refuse(
      'Демонстрации нет в этой установке: она есть в полной копии проекта (папки scripts и tests).',
    );
  }
  try {
    const { runDemo } = await import('../../scripts/demo.ts');
    return await runDemo(flags);
  } catch (error) {
    if (!isPackageMissing(error)) throw error;
    return refuse('Для демонстрации установлены не все пакеты: выполните «npm ci» в папке проекта.');
  }
}

function isPackageMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.startsWith('Cannot find package');
}

function refuse(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
