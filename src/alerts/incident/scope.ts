/** What an incident is about, as its scope says; cabinets and channels by their ids of the settings. */
export type ScopeOf =
  | { readonly what: 'cabinet'; readonly cabinet: string }
  | { readonly what: 'opa'; readonly opaId: string }
  | { readonly what: 'channel'; readonly channel: string; readonly part: string }
  | { readonly what: 'showcase'; readonly showcase: string }
  | { readonly what: 'archive'; readonly archive: string }
  | { readonly what: 'platform' | 'smtp' | 'settings' | 'registration' }
  | { readonly what: 'other'; readonly scope: string };

/** Settings that tell which cabinets a scope concerns. */
export interface ScopeWorld {
  readonly cabinets: readonly {
    readonly id: string;
    readonly opaId: string;
    readonly channel: string;
    readonly name?: string;
    /** IANA. */
    readonly timeZone?: string;
  }[];
  readonly showcases: readonly {
    readonly id: string;
    readonly cabinet: string;
    /** Its own people. */
    readonly mailTo?: readonly string[];
  }[];
}

/** Reads a scope; one of a later version is `other`. */
export function readScope(scope: string): ScopeOf {
  const [what = '', name = '', ...rest] = scope.split(':');
  switch (what) {
    case 'cabinet':
      return { what, cabinet: name };
    case 'opa':
      return { what, opaId: name };
    case 'channel':
      return { what, channel: name, part: rest.join(':') };
    case 'showcase':
      return { what, showcase: name };
    case 'archive':
      return { what, archive: name };
    case 'platform':
    case 'smtp':
    case 'settings':
    case 'registration':
      return { what };
    default:
      return { what: 'other', scope };
  }
}

/** The cabinet of a scope `cabinet:…`: by its id, or by the platform's number, which its breaker bears. */
export function cabinetNamed(
  name: string,
  { cabinets }: ScopeWorld,
): ScopeWorld['cabinets'][number] | undefined {
  return cabinets.find(({ id }) => id === name) ?? cabinets.find(({ opaId }) => opaId === name);
}

/** Ids of the cabinets that a scope concerns; undefined when it concerns the whole installation. */
export function cabinetsOf(scope: string, world: ScopeWorld): readonly string[] | undefined {
  const read = readScope(scope);
  switch (read.what) {
    case 'cabinet':
      return [cabinetNamed(read.cabinet, world)?.id ?? read.cabinet];
    case 'opa':
      return world.cabinets.filter(({ opaId }) => opaId === read.opaId).map(({ id }) => id);
    case 'channel':
      return world.cabinets.filter(({ channel }) => channel === read.channel).map(({ id }) => id);
    case 'showcase':
      return world.showcases.filter(({ id }) => id === read.showcase).map(({ cabinet }) => cabinet);
    default:
      return undefined;
  }
}

/** Who is to know of what concerns this showcase; nobody for any other scope. */
export function peopleOf(scope: string, world: ScopeWorld): readonly string[] {
  const read = readScope(scope);
  if (read.what !== 'showcase') return [];
  return world.showcases.flatMap(({ id, mailTo }) => (id === read.showcase ? (mailTo ?? []) : []));
}

/** Scopes, whole and by their beginnings, that concern a cabinet: for a filter. */
export function scopesOf(
  cabinet: string,
  world: ScopeWorld,
): { readonly whole: readonly string[]; readonly beginnings: readonly string[] } {
  const found = world.cabinets.find(({ id }) => id === cabinet);
  const showcases = world.showcases.filter((one) => one.cabinet === cabinet);
  return {
    whole: [
      `cabinet:${cabinet}`,
      ...(found === undefined
        ? []
        : [`opa:${found.opaId}`, `cabinet:${found.opaId}`, `channel:${found.channel}`]),
      ...showcases.map(({ id }) => `showcase:${id}`),
    ],
    beginnings: found === undefined ? [] : [`channel:${found.channel}:`],
  };
}
