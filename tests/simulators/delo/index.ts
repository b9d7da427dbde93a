export type { AnswerCommand, AnswerOrder, RedirectCommand, ResolveCommand } from './clerk/commands.ts';
export { ClerkError } from './clerk/commands.ts';
export type { DeloSimulator } from './simulator.ts';
export { startDelo } from './simulator.ts';
export type {
  Answer,
  Behaviour,
  Card,
  CardFile,
  Complaint,
  Counters,
  DeloChannel,
  DeloOptions,
  NonsenseKind,
  PartnerReport,
} from './types.ts';
