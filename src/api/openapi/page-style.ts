/** The page's style: the system's fonts and colours, light or dark, narrow or wide. */
export const PAGE_STYLE = `
:root{--text:#1b1f24;--soft:#57606a;--back:#fff;--line:#d0d7de;--tint:#f6f8fa;--link:#0a58ca}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--soft:#9da7b1;--back:#0d1117;--line:#3d444d;--tint:#161b22;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--back)}
a{color:var(--link)}
small,summary span,td{color:var(--soft)}
.skip{position:absolute;left:-100vw}
.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none}
section{border-top:1px solid var(--line);margin-top:2rem}
details{border:1px solid var(--line);border-radius:.375rem;margin:.5rem 0;padding:0 .75rem;background:var(--tint)}
summary{cursor:pointer;padding:.5rem 0}
summary:focus-visible,a:focus-visible,pre:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,pre{font:.875rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
pre{overflow:auto;padding:.75rem;background:var(--back);border:1px solid var(--line);border-radius:.375rem}
figure{margin:.5rem 0}
table{width:100%;border-collapse:collapse;margin:.75rem 0}
caption{text-align:left;font-weight:600}
th,td{border-top:1px solid var(--line);padding:.375rem .5rem;text-align:left;vertical-align:top}
th{font-weight:400;color:var(--text)}
`.trim();
