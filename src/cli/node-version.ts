/** The oldest Node.js that runs this program: it strips types by itself. */
const OLDEST_MAJOR = 24;

/** Refuses an older Node.js with words instead of a syntax error somewhere later. */
export function guardNodeVersion(version: string): void {
  if (Number(version.split('.')[0]) >= OLDEST_MAJOR) return;
  process.stderr.write(
    `Нужен Node.js ${OLDEST_MAJOR} или новее, а это ${version}. Запускайте через npm (npm start, npm run posrednik -- …): «npm ci» ставит нужный сам.\n`,
  );
  process.exit(1);
}
