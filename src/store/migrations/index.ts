import type { MigrationInterface } from 'typeorm';
import { Foundation1760000000001 } from './0001-foundation.ts';
import { Replies1760000000002 } from './0002-replies.ts';
import { Rubrics1760000000003 } from './0003-rubrics.ts';
import { Showcase1760000000004 } from './0004-showcase.ts';
import { Mail1760000000005 } from './0005-mail.ts';
import { CardMarks1760000000006 } from './0006-card-marks.ts';
import { Console1760000000007 } from './0007-console.ts';
import { Incidents1760000000008 } from './0008-incidents.ts';
import { ConsoleFigures1760000000009 } from './0009-console-figures.ts';
import { RubricUploads1760000000010 } from './0010-rubric-uploads.ts';

/** All migrations, oldest first. A landed migration is never edited; a new one is added. */
export const migrations: (new () => MigrationInterface)[] = [
  Foundation1760000000001,
  Replies1760000000002,
  Rubrics1760000000003,
  Showcase1760000000004,
  Mail1760000000005,
  CardMarks1760000000006,
  Console1760000000007,
  Incidents1760000000008,
  ConsoleFigures1760000000009,
  RubricUploads1760000000010,
];
