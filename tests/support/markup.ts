/** Elements of a page with the names of their attributes, in order: what a text in it must never change. */
export function skeleton(page: string): string[] {
  const bare = page.replaceAll(/<!--[\s\S]*?-->/g, '');
  return [...bare.matchAll(/<(\/?[a-z!][a-z0-9-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/gi)].map(
    ([, name = '', attributes = '']) => {
      const names = [...attributes.matchAll(/([^\s"'=<>/]+)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?/g)];
      return `${name.toLowerCase()} ${names.map(([, attribute]) => attribute).join(' ')}`.trim();
    },
  );
}

/** Text of a page as a person reads it. */
export function textOf(page: string): string {
  return page
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');
}
