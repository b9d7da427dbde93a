import type { Readable } from 'node:stream';
import type { Section } from './frame.ts';
import type { Markup } from './html.ts';
import type { Role, Viewer } from './viewer.ts';

/** An uploaded file of a form, held in memory: forms take small ones only. */
export interface FormFile {
  readonly name: string;
  readonly content: Buffer;
}

/** A form as it came: values by field, all of them in order. */
export interface Form {
  /** First value of a field, trimmed; '' when there is none. */
  text(field: string): string;
  all(field: string): readonly string[];
  file(field: string): FormFile | undefined;
}

export interface PageRequest {
  readonly viewer: Viewer;
  /** Parts of the path: `/appeals/:id` → `id`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Empty for a GET. */
  readonly form: Form;
  /** Path with its query, for links that come back here. */
  readonly url: string;
}

/** A file to be saved under its name; a large one as a stream. */
export interface Download {
  readonly name: string;
  readonly type: string;
  readonly content: string | Buffer | Readable;
}

export type PageAnswer =
  | {
      readonly title: string;
      readonly body: Markup;
      readonly status?: number;
      readonly notice?: { readonly tone: 'good' | 'bad'; readonly text: string };
    }
  /** After something was done: the address to look at now; `notice` is shown there once. */
  | {
      readonly goTo: string;
      readonly notice?: { readonly tone: 'good' | 'bad'; readonly text: string };
    }
  | { readonly download: Download }
  /** A page of its own, e.g. the heat map. */
  | { readonly whole: string };

/** One address of the console. A POST has passed the check of its CSRF token, and the viewer may do `role`. */
export interface PageRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly role: Role;
  readonly section: Section;
  /** Takes files: `multipart/form-data`. */
  readonly takesFiles?: boolean;
  handle(request: PageRequest): Promise<PageAnswer>;
}
