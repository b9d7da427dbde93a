const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is safe inside HTML, in attributes too. */
export function escapeHtml(text: string | number): string {
  return String(text).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** A day as people here read it: 05.02.2026; what is no day stays as it is. */
export function dayText(day: string | undefined): string {
  const found = /^(\d{4})-(\d\d)-(\d\d)/.exec(day ?? '');
  return found ? `${found[3]}.${found[2]}.${found[1]}` : escapeHtml(day ?? '—');
}

/** Day and minute: 05.02.2026 14:30. */
export function momentText(at: string | undefined): string {
  return at === undefined ? '—' : `${dayText(at)} ${at.slice(11, 16)}`;
}

/** A whole page. `refreshSeconds`: it looks again by itself, without a script. */
export function layout(title: string, body: string, refreshSeconds?: number): string {
  const refresh =
    refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return `<!doctype html>
<html lang="ru">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}<title>${escapeHtml(title)} — ДЕЛО (имитатор)</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header class="top"><a class="brand" href="/">ДЕЛО</a><span class="badge">имитатор для проверки</span></header>
<main>
${body}
</main>
</body>
</html>
`;
}

/** What is shown when a command or an address makes no sense. */
export function errorPage(text: string): string {
  return layout(
    'Ошибка',
    `<h1>Не получилось</h1><p class="error" role="alert">${escapeHtml(text)}</p><p><a href="/">К списку карточек</a></p>`,
  );
}
