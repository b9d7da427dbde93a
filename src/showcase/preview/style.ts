/** Look of the preview page: light and dark, from 360 px on; every colour goes with a number. */
export const PREVIEW_STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--page:#fff;--line:#d0d7de;--head:#f6f8fa;
--h1:#e3effb;--h2:#b9d7f3;--h3:#7fb2e2;--h4:#1f6db5;--h5:#0b3d6e;--on-pale:#10202f;--on-deep:#fff;
--new:#1f6db5;--rep:#8a5a00;--late:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa7b4;--page:#0d1117;--line:#30363d;--head:#161b22;
--h1:#132a41;--h2:#173f66;--h3:#1c5a94;--h4:#78b4ec;--h5:#c5e1fb;--on-pale:#e6edf3;--on-deep:#0b1622;
--new:#78b4ec;--rep:#e0a94a;--late:#ff8b80}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:110rem;background:var(--page);color:var(--ink);
font:1rem/1.45 system-ui,"Liberation Sans",sans-serif}
h1{font-size:1.4rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}.soft{color:var(--soft)}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}dt{color:var(--soft);font-size:.875rem}
dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums}
fieldset{border:1px solid var(--line);border-radius:.4rem;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0 0 .75rem}
label{display:inline-flex;gap:.4rem;align-items:center;min-height:2.25rem}
.scroll{overflow:auto;max-height:85vh;border:1px solid var(--line);border-radius:.4rem}
.scroll:focus-visible{outline:3px solid var(--new)}
table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums}
th,td{border-right:1px solid var(--line);border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:right}
thead th{position:sticky;top:0;background:var(--head);z-index:1;vertical-align:bottom;font-weight:600}
thead th.name{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;max-height:14rem;font-size:.85rem;
border-right:0;border-left:1px solid var(--line);border-bottom:0;border-top:1px solid var(--line)}
tbody th,thead th:first-child{position:sticky;left:0;background:var(--head);text-align:left;white-space:nowrap}
thead th:first-child{z-index:2}
td span{display:none}
#m-total:checked~.scroll .m-total,#m-fresh:checked~.scroll .m-fresh,
#m-repeated:checked~.scroll .m-repeated,#m-overdue:checked~.scroll .m-overdue{display:block}
td.cell{padding:0}td.cell span{padding:.3rem .5rem;min-width:2.6rem;min-height:2rem}
.h0{color:var(--soft)}.h1{background:var(--h1);color:var(--on-pale)}.h2{background:var(--h2);color:var(--on-pale)}
.h3{background:var(--h3);color:var(--on-pale)}.h4{background:var(--h4);color:var(--on-deep)}
.h5{background:var(--h5);color:var(--on-deep)}
.pick{position:absolute;opacity:0}
.tabs{display:flex;flex-wrap:wrap;gap:.4rem;margin:0 0 .75rem}
.tabs label{border:1px solid var(--line);border-radius:2rem;padding:0 .9rem;cursor:pointer}
#m-total:checked~.tabs [for=m-total],#m-fresh:checked~.tabs [for=m-fresh],
#m-repeated:checked~.tabs [for=m-repeated],#m-overdue:checked~.tabs [for=m-overdue]{
background:var(--ink);color:var(--page);text-decoration:underline}
#m-total:focus-visible~.tabs [for=m-total],#m-fresh:focus-visible~.tabs [for=m-fresh],
#m-repeated:focus-visible~.tabs [for=m-repeated],#m-overdue:focus-visible~.tabs [for=m-overdue]{outline:3px solid var(--new)}
.chart{width:100%;height:auto;max-width:30rem}.chart text{fill:var(--ink);font-size:12px}
.chart .axis{stroke:var(--line)}.bar-new{fill:var(--new)}.bar-rep{fill:url(#stripes);stroke:var(--rep)}
.bar-late{fill:url(#dots);stroke:var(--late)}.stripe{stroke:var(--rep);stroke-width:3}.dot{fill:var(--late)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none}
.legend svg{width:1.4rem;height:1rem;vertical-align:-.1rem;margin-right:.35rem}
@media print{.scroll{max-height:none;overflow:visible}}
`;
