/** The pages' look: one column on a phone, a table and two columns on a desk. */
export const STYLE = `
:root { color-scheme: light; --ink: #1b2733; --soft: #5b6b7a; --line: #d5dde5; --paper: #fff; --ground: #f1f4f7; --accent: #0b5cad; --late: #a3260f; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, input:focus-visible, textarea:focus-visible, select:focus-visible, summary:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
.top { display: flex; gap: .75rem; align-items: center; padding: .7rem 1rem; background: #123c63; color: #fff; }
.brand { color: #fff; font-weight: 700; font-size: 1.15rem; letter-spacing: .06em; text-decoration: none; }
.badge { font-size: .8rem; padding: .1rem .5rem; border: 1px solid #8fb0cf; border-radius: 1rem; }
main { max-width: 84rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; margin: .3rem 0 .8rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: end; margin-bottom: 1rem; color: var(--soft); }
.panel { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 0 0 1rem; min-width: 0; }
table { width: 100%; border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); }
caption { text-align: left; padding: .4rem 0; color: var(--soft); }
.cards { table-layout: fixed; }
.cards th:nth-child(1), .cards th:nth-child(3) { width: 8rem; }
.cards th:nth-child(2), .cards th:nth-child(6) { width: 7rem; }
.cards th:nth-child(4) { width: 17%; }
.cards th:nth-child(7) { width: 12rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-size: .85rem; color: var(--soft); font-weight: 600; background: #f8fafb; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.nowrap { white-space: nowrap; }
.late { color: var(--late); font-weight: 600; }
.soft { color: var(--soft); }
.error { color: var(--late); white-space: pre-wrap; }
dl { margin: 0; display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .35rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
ul.plain { list-style: none; margin: 0; padding: 0; }
ul.plain > li { padding: .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
ul.plain > li:last-child { border-bottom: 0; }
form.stack { display: grid; gap: .6rem; }
label { display: grid; gap: .2rem; font-size: .9rem; color: var(--soft); }
label.check { display: flex; gap: .5rem; align-items: center; }
input, textarea, select, button { font: inherit; color: var(--ink); max-width: 100%; }
input:not([type=checkbox]), textarea, select { width: 100%; padding: .45rem .55rem; border: 1px solid #9fb0bf; border-radius: .35rem; background: #fff; }
textarea { min-height: 5.5rem; resize: vertical; }
button { justify-self: start; padding: .5rem 1rem; border: 0; border-radius: .35rem; background: var(--accent); color: #fff; font-weight: 600; cursor: pointer; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
.search { display: flex; gap: .5rem; align-items: end; }
.columns { display: grid; gap: 1rem; }
@media (min-width: 62rem) { .columns { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-items: start; } }
@media (max-width: 68rem) {
  table, tbody, tr, td { display: block; }
  table { border: 0; background: none; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .7rem; padding: .3rem .2rem; }
  td { border: 0; padding: .25rem .6rem; display: grid; grid-template-columns: 7rem 1fr; gap: .5rem; }
  td::before { content: attr(data-label); color: var(--soft); font-size: .85rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
`;
