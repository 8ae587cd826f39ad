/** The page's looks: light, dark, narrow and printed. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --ground: #ffffff; --soft: #f3f5f7; --line: #d8dde3; --faint: #5b6570; --accent: #2f6fb0; --good: #1f7a37; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --ground: #14171b; --soft: #1f242a; --line: #363d46; --faint: #a2acb8; --accent: #7fb5ee; --good: #7ddc92; --bad: #ff9a90; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 0; background: var(--ground); color: var(--ink); }
main { max-width: 96rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0 0 .25rem; line-height: 1.2; overflow-wrap: anywhere; }
h1 small { font-weight: normal; font-size: 1rem; color: var(--faint); }
h2 { margin: 2.5rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--line); font-size: 1.3rem; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1rem 0; }
.note, figcaption, .faint { color: var(--faint); font-size: .9rem; }
.note { max-width: 60rem; }
.note, figcaption { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.phone { display: none; }
.tall { max-height: 80vh; overflow-y: auto; }
.tall thead th { position: sticky; top: 0; z-index: 1; }
summary { cursor: pointer; padding: .4rem 0; }
.named td, .named th { white-space: nowrap; }
.named.many { font-size: .85rem; }
.named.many th, .named.many td { padding: .3rem .45rem; }
.named.many .spread { display: block; }
.again > span { opacity: 0; }
.named tbody td:first-child { font-weight: 600; }
.second > span:first-child { text-decoration: underline; text-underline-offset: .2em; }
.spread { font-size: .78rem; font-weight: normal; color: var(--faint); }
.controls { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: .75rem 0; }
.controls label { display: grid; font-size: .8rem; color: var(--faint); }
input, select { font: inherit; font-size: .95rem; padding: .25rem .5rem; border: 1px solid var(--line); border-radius: .3rem; background: var(--ground); color: var(--ink); max-width: 16rem; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .95rem; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th, .number, #grid td { white-space: nowrap; }
thead th { background: var(--soft); }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
th button::after { content: ' \\2195'; opacity: .35; }
th[aria-sort=ascending] button::after { content: ' \\25B4'; opacity: 1; }
th[aria-sort=descending] button::after { content: ' \\25BE'; opacity: 1; }
tbody tr:hover { background: var(--soft); }
th.number button { width: 100%; text-align: right; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody th { font-weight: 600; }
.best { font-weight: 700; }
.best > span:first-child::before { content: '\\2605 '; color: var(--good); }
td small { display: block; font-weight: normal; font-size: .78rem; color: var(--faint); }
.up, .right { color: var(--good) !important; }
.down, .wrong { color: var(--bad) !important; }
figure { margin: 1.5rem 0; }
figcaption { margin-top: .25rem; }
.curves { display: flex; flex-wrap: wrap; gap: 0 2rem; }
.curves figure { max-width: 100%; }
figure svg { color: var(--ink); max-width: none; height: auto; display: block; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; }
.card { margin: 0; padding: .6rem; background: var(--soft); border-radius: .5rem; font-size: .85rem; line-height: 1.35; overflow-wrap: anywhere; break-inside: avoid; }
.card img { display: block; margin-bottom: .4rem; }
img.thumb { width: 72px; height: 72px; object-fit: contain; background: #fff; border-radius: .3rem; border: 1px solid var(--line); }
.strip { display: flex; flex-wrap: wrap; gap: .25rem; }
.strip img.thumb { width: 44px; height: 44px; }
code { font-size: .85rem; overflow-wrap: anywhere; }
#tip { position: fixed; z-index: 2; pointer-events: none; padding: .2rem .5rem; max-width: 20rem; border-radius: .3rem; background: var(--ink); color: var(--ground); font-size: .85rem; }
#tip[hidden] { display: none; }
.failure { border-left: 3px solid var(--bad); padding-left: .75rem; margin: .75rem 0; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  body { font-size: 15px; }
  #grid th:first-child, #grid td:first-child { position: sticky; left: 0; background: var(--ground); max-width: 9rem; white-space: normal; }
  #grid thead th:first-child { background: var(--soft); z-index: 2; }
  #grid .axis { display: none; }
  #grid td[data-rest]:not([data-rest=""])::after { content: ' \\00b7  ' attr(data-rest); }
  .named th { white-space: normal; }
  .named th:first-child, .named td:first-child { position: sticky; left: 0; background: var(--ground); max-width: 8rem; white-space: normal; }
  .named .spread { display: block; }
  .named th, .named td { padding: .3rem .25rem; }
  .named { font-size: .85rem; }
  .named .number { white-space: normal; }
  th, td { padding: .3rem .45rem; }
  .cards { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }
  .controls { display: grid; grid-template-columns: 1fr 1fr; }
  .controls label, .controls select, .controls input { width: 100%; max-width: none; min-width: 0; }
  .desk { display: none; }
  .phone { display: block; }
  .plain { font-size: .82rem; }
  .plain th, .plain td { white-space: normal; padding: .3rem; }
  .plain td:first-child { overflow-wrap: anywhere; min-width: 6.5rem; }
  .stacked thead { position: absolute; clip-path: inset(50%); }
  .stacked, .stacked tbody, .stacked tr { display: block; }
  .stacked tr { padding: .4rem 0; border-bottom: 1px solid var(--line); }
  .stacked th, .stacked td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0; }
  .stacked td::before { content: attr(data-head); color: var(--faint); }
}
@page { margin: 12mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --ground: #fff; --soft: #f3f5f7; --line: #ccc; --faint: #444; --good: #1f7a37; --bad: #b3261e; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav, .controls, #tip, th button::after { display: none; }
  .wide, .tall { overflow: visible; max-height: none; }
  table { font-size: 8pt; }
  th, td { padding: .15rem .35rem; }
  tr, figure, .failure { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  figure svg { max-width: 100%; max-height: 230mm; }
}
`;
