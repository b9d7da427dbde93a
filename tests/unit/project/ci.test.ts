import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT } from './tree.ts';

let place: string;
let project: string;
let programs: string;

/** A copy of the two scripts in a folder of their own, beside programs that only say what they were asked. */
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'posrednik-ci-'));
  project = join(place, 'checkout');
  programs = join(place, 'bin');
  mkdirSync(programs);
  for (const path of ['.ci/run', 'scripts/ci-setup.sh']) cpSync(join(ROOT, path), join(project, path));
  program('xmllint', ':');
  program('chromium', ':');
});
afterEach(() => rmSync(place, { recursive: true }));

function program(name: string, body: string): void {
  const path = join(programs, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

function run(script: string, env: NodeJS.ProcessEnv = {}, path = `${programs}:/usr/bin:/bin`) {
  const { stdout, stderr, status } = spawnSync('/bin/bash', [join(project, script)], {
    cwd: place,
    env: { PATH: path, HOME: place, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr, lines: stdout.trimEnd().split('\n') };
}

describe('.ci/run', () => {
  it('ends with the counts of a green run', () => {
    program(
      'npm',
      `echo "npm $*"; [ "$1" = test ] && printf '\\nTests: 7 passed, 0 failed, 2 skipped\\n'; exit 0`,
    );
    const { status, lines } = run('.ci/run');
    expect(lines.at(-1)).toBe('Tests: 7 passed, 0 failed, 2 skipped');
    expect(lines).toContain('npm ci --no-audit --no-fund');
    expect(status).toBe(0);
  });

  it('ends with the counts of a red run, whatever npm says after them', () => {
    program(
      'npm',
      `[ "$1" = ci ] && exit 0
echo "Tests:       1 failed, 6 passed, 7 total"
echo "Tests: 6 passed, 1 failed, 0 skipped"
echo "npm error Lifecycle script failed" >&2
exit 3`,
    );
    const { status, lines } = run('.ci/run');
    expect(lines.at(-1)).toBe('Tests: 6 passed, 1 failed, 0 skipped');
    expect(lines).toContain('npm error Lifecycle script failed');
    expect(status).toBe(3);
  });

  it('counts a run that never reached the tests as failed', () => {
    program('npm', `echo "npm $*"; [ "$1" != ci ] || exit 1`);
    const { status, lines } = run('.ci/run');
    expect(lines).not.toContain('npm test');
    expect(lines.at(-1)).toBe('Tests: 0 passed, 1 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it('gives the tests the folder beside the checkout, unless another is named', () => {
    program('npm', 'echo "shared=$SHARED_DIR ci=$CI"');
    expect(run('.ci/run').lines).toContain('shared= ci=true');
    mkdirSync(join(place, 'shared'));
    expect(run('.ci/run').lines).toContain(`shared=${join(place, 'shared')} ci=true`);
    expect(run('.ci/run', { SHARED_DIR: '/elsewhere' }).lines).toContain('shared=/elsewhere ci=true');
  });
});

describe('scripts/ci-setup.sh', () => {
  /** Of the system's programs only those that the script itself needs. */
  const bare = () => {
    for (const name of ['bash', 'sh', 'echo', 'cat']) program(name, `exec /bin/${name} "$@"`);
    return programs;
  };

  it('installs nothing when all is there', () => {
    program('apt-get', 'echo installed; exit 1');
    const { status, stdout } = run('scripts/ci-setup.sh');
    expect(stdout).toBe('test programs: all present\n');
    expect(status).toBe(0);
  });

  it('installs only what is missing', () => {
    const path = bare();
    rmSync(join(programs, 'xmllint'));
    program('id', 'echo 0');
    program('apt-get', 'echo "apt-get $*"');
    const { status, stdout } = run('scripts/ci-setup.sh', {}, path);
    expect(stdout).toBe('apt-get update -qq\napt-get install -y -qq --no-install-recommends libxml2-utils\n');
    expect(status).toBe(0);
  });

  it.each([
    ['not root', 'echo 1000', ':'],
    ['no package source', 'echo 0', 'exit 100'],
  ])('goes on without: %s', (_why, id, apt) => {
    const path = bare();
    rmSync(join(programs, 'xmllint'));
    program('id', id);
    program('apt-get', apt);
    const { status, stderr } = run('scripts/ci-setup.sh', {}, path);
    expect(stderr).toContain('libxml2-utils');
    expect(stderr).not.toContain('chromium');
    expect(status).toBe(0);
  });
});
