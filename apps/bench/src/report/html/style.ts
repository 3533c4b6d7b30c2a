/** The page's style sheet; charts read their colours from the custom properties. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --panel: #ffffff; --text: #1d2126; --soft: #59626d; --line: #d9dde2;
  --ahead: #0b6bcb; --behind: #c2410c; --depends: #6b7280;
  --ours: #0b6bcb; --ours-aside: #7fb2e5; --native: #59626d; --peer: #b3bac3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --panel: #1c2024; --text: #e7eaed; --soft: #a3acb6; --line: #343a41;
    --ahead: #5aaaf5; --behind: #fb8b4b; --depends: #a3acb6;
    --ours: #5aaaf5; --ours-aside: #2f5f8f; --native: #a3acb6; --peer: #5d6670;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.25rem clamp(0.75rem, 3vw, 2rem) 4rem; max-width: 70rem;
  background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; padding-top: 0.75rem; border-top: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.75rem 0 0.1rem; }
code { font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; }
h3 code { padding: 0.05rem 0.35rem; border: 1px solid var(--line); border-radius: 4px; margin-right: 0.25rem; }
p { margin: 0.35rem 0; max-width: 46rem; }
.what, .note { color: var(--soft); font-size: 0.9rem; }
.warning { max-width: none; overflow-wrap: anywhere; padding: 0.5rem 0.75rem; border-left: 4px solid var(--behind); background: var(--panel); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0.75rem; margin: 1rem 0; }
.tile { background: var(--panel); border: 1px solid var(--line); border-left-width: 6px; border-radius: 6px; padding: 0.6rem 0.9rem; }
.tile.ahead { border-left-color: var(--ahead); }
.tile.behind { border-left-color: var(--behind); border-left-style: dashed; }
.tile.depends { border-left-color: var(--depends); border-left-style: dotted; }
.tile b { display: block; font-size: 1.25rem; line-height: 1.3; }
.tile.ahead b, .ahead-text { color: var(--ahead); }
.tile.behind b, .behind-text { color: var(--behind); }
.tile p { font-size: 0.85rem; color: var(--soft); }
.tile a { color: inherit; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0.5rem 0; padding: 0; list-style: none; font-size: 0.85rem; color: var(--soft); }
.legend span { color: var(--text); }
.chart { position: relative; width: 100%; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.35rem; margin: 0.5rem 0; }
.scroll { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; font-size: 0.85rem; width: 100%; }
th, td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; white-space: normal; min-width: 9.5rem; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: normal; }
tbody th { font-weight: 400; }
tr.ours th, tr.ours td { font-weight: 600; }
tr.absent td, tr.absent th { color: var(--soft); }
.claims tr > :nth-child(n + 6), .floors tr > :last-child { text-align: left; white-space: normal; }
.machine td { text-align: left; white-space: normal; }
.claims td:last-child { min-width: 16rem; color: var(--soft); }
.floors td:last-child { min-width: 11rem; }
.badge { padding: 0.05rem 0.45rem; border-radius: 999px; border: 1px solid currentColor; font-weight: 600; }
.badge.ahead { color: var(--ahead); } .badge.behind { color: var(--behind); } .badge.depends { color: var(--depends); }
li { margin: 0.25rem 0; }
@media (max-width: 36rem) {
  h1 { font-size: 1.25rem; }
  th, td { padding: 0.25rem 0.4rem; }
  .chart { margin-inline: -0.35rem; width: calc(100% + 0.7rem); padding: 0.2rem; }
}
`;
