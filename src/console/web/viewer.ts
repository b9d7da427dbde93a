/** What a person may do; each includes those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const LANGUAGES = ['ru', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Who looks at a page. */
export interface Viewer {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly lang: Language;
  /** IANA zone in which times are shown to this person. */
  readonly timeZone: string;
  /** Belongs into every form that changes something. */
  readonly csrf: string;
}

/** Whether a role may do what `needed` may. */
export function may(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
