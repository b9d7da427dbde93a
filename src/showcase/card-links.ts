import type { Config } from '../config/index.ts';

/** Address of a card in the archive of its showcase, for a browser; undefined where the settings tell none. */
export type CardLinks = (showcase: string, cardIsn: string) => string | undefined;

/** Makes the addresses by `cardUrl` of the archives. */
export function cardLinks({ archives, showcases }: Pick<Config, 'archives' | 'showcases'>): CardLinks {
  const urls = new Map(
    showcases.map(({ id, archive }) => [id, archives.find((one) => one.id === archive)?.cardUrl] as const),
  );
  return (showcase, isn) =>
    isn === '' ? undefined : urls.get(showcase)?.replaceAll('{isn}', encodeURIComponent(isn));
}
