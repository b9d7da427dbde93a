import type { MigrationInterface } from 'typeorm';
import { Foundation1760000000001 } from './0001-foundation.ts';
import { Replies1760000000002 } from './0002-replies.ts';

/** All migrations, oldest first. A landed migration is never edited; a new one is added. */
export const migrations: (new () => MigrationInterface)[] = [Foundation1760000000001, Replies1760000000002];
