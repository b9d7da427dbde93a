// The daemon of the demo, in a process of its own. Argument: the settings file. It tells its parent by IPC how the
// start went, and stops in order on «stop» or when the parent is gone, however that died.
import { loadConfig } from '../../src/config/index.ts';
import { startDaemon } from '../../src/daemon.ts';
import { createLog } from '../../src/log.ts';
import { ERROR_CODES } from '../../src/model/error-codes.ts';
import { toFault } from '../../src/model/errors.ts';

const path = process.argv[2] ?? '';
const log = createLog('info');

async function start() {
  // No environment: variables of the one who watches must not change the demo.
  return startDaemon(await loadConfig({ path, env: {}, cwd: process.cwd() }), log);
}

const daemon = start();
function leave(): void {
  // Asked again, it goes on with the stop that runs.
  daemon
    .then((started) => started.stop())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
}

process.on('disconnect', leave).on('SIGTERM', leave).on('message', leave);
daemon.then(
  ({ url }) => process.send?.({ url }, ignoreGoneParent),
  (error: unknown) => {
    log.error({ err: error }, 'demo daemon did not start');
    const { code, detail } = toFault(error);
    const { title, remedy } = ERROR_CODES[code];
    const text = `${title}${detail === undefined ? '' : ` (${detail})`}. ${remedy}`;
    process.send?.({ failed: text }, () => process.exit(1));
  },
);

function ignoreGoneParent(): void {
  // «disconnect» tells of it.
}
