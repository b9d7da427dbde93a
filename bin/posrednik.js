#!/usr/bin/env node
// Plain JavaScript without a single import: a Node.js that does not know TypeScript must still be able to read the
// refusal. The words are those of src/cli/node-version.ts.
const OLDEST_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) {
  await import('../src/main.ts');
} else {
  process.stderr.write(
    `Нужен Node.js ${OLDEST_MAJOR} или новее, а это ${process.versions.node}. Запускайте через npm (npm start, npm run posrednik -- …): «npm ci» ставит нужный сам.\n`,
  );
  process.exit(1);
}
