export type { SecretReaders } from './common-secrets.ts';
export type { ConfigChange } from './diff.ts';
export type { Environment } from './env.ts';
export {
  type Archive,
  type Cabinet,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  type ResolvedConfig,
} from './load.ts';
export { ConfigError, type ConfigProblem, formatProblem } from './problems.ts';
export type { ArchiveConfig, CabinetConfig, ChannelConfig, Config, ShowcaseConfig } from './schema.ts';
export { type WatchOptions, watchConfig } from './watch.ts';
