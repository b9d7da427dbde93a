#!/usr/bin/env node
import { guardNodeVersion } from './cli/node-version.ts';

guardNodeVersion(process.versions.node);
// Only now: what the program is made of, an older Node.js cannot even read.
const { runProgram } = await import('./cli/program.ts');
await runProgram(process.argv);
