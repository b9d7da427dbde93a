// Comfort only: every page works without it.

/** Counters in the sections and lists marked `data-refresh` follow the server's events. */
function follow() {
  if (!document.querySelector('header.top')) return;
  let source;
  // Browsers open only six connections to one place: a page that nobody sees gives its own up.
  function turn() {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else if (source === undefined) {
      source = new EventSource('/live');
      source.addEventListener('counts', (event) => count(JSON.parse(event.data)));
      source.addEventListener('changed', () => void refresh());
    }
  }
  document.addEventListener('visibilitychange', () => {
    turn();
    if (!document.hidden) void refresh();
  });
  turn();
}

function count(counts) {
  for (const [section, number] of Object.entries(counts)) {
    const link = document.querySelector(`[data-live="${section}"]`);
    if (!link) continue;
    if (number > 0) link.dataset.count = String(number);
    else delete link.dataset.count;
  }
}

let refreshing = false;

/** Reads the page again and puts its marked parts in place; a part in which somebody writes is left alone. */
async function refresh() {
  const parts = [...document.querySelectorAll('[data-refresh]')];
  if (refreshing || parts.length === 0 || document.hidden) return;
  refreshing = true;
  try {
    const answer = await fetch(location.href, { headers: { 'x-refresh': '1' } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (!fresh || part.contains(document.activeElement) || part.querySelector('details[open]')) continue;
      if (fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
    }
  } finally {
    refreshing = false;
  }
}

/** A part `data-poll="seconds"` shows something under way that tells no event at each of its steps. */
function polling() {
  const seconds = Number(document.querySelector('[data-poll]')?.dataset.poll);
  if (!(seconds > 0)) return;
  const timer = setInterval(() => {
    if (document.querySelector('[data-poll]')) void refresh();
    else clearInterval(timer);
  }, seconds * 1000);
}

/** Buttons `data-copy="#id"` copy a text; they are hidden until it is known that the browser allows it. */
function copying() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const text = document.querySelector(button.dataset.copy)?.textContent ?? '';
      await navigator.clipboard.writeText(text);
      button.dataset.done = '1';
      button.textContent = button.dataset.copied ?? button.textContent;
    });
  }
}

/** Checkboxes `data-all="name"`, hidden where no script runs, tick all boxes of that name in their form. */
function ticking() {
  for (const all of document.querySelectorAll('input[data-all]')) {
    all.closest('label').hidden = false;
    all.addEventListener('change', () => {
      for (const box of all.form.querySelectorAll(`input[type="checkbox"][name="${all.dataset.all}"]`)) {
        box.checked = all.checked;
      }
    });
  }
}

follow();
polling();
copying();
ticking();
