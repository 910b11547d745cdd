"""How the report of a classifier looks; fonts and colours are the reader's machine's own, nothing is fetched."""

STYLE = """:root{--ink:#1f2933;--soft:#5c6b7a;--line:#d9e0e6;--blue:#0072b2;--paper:#fff;--wash:#f5f7f9}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;color:var(--ink);
background:var(--paper)}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1.4rem}
header{padding-top:2.4rem}
h1{font-size:1.9rem;line-height:1.2;margin:.1rem 0 .4rem;font-weight:650}
h2{font-size:1.15rem;margin:2.4rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line);font-weight:650}
.task{margin:0;color:var(--blue);font-weight:600;letter-spacing:.02em}
.how{color:var(--soft);max-width:52rem;margin:.2rem 0 1rem}
.synthetic{background:#fff3cd;border-left:4px solid #d9a400;padding:.55rem .9rem;font-weight:600;margin:1rem 0}
.tiles{display:flex;flex-wrap:wrap;gap:.9rem;margin:1.2rem 0}
.tile{flex:1 1 10rem;background:var(--wash);border-radius:.6rem;padding:.8rem 1.1rem}
.tile b{display:block;font-size:2rem;line-height:1.15;font-weight:650;color:var(--blue)}
.tile span{display:block}
small{color:var(--soft)}td small{display:block;white-space:nowrap}
table{border-collapse:collapse;margin:.6rem 0 1rem;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .7rem;text-align:right;vertical-align:top}
th:first-child,td:first-child{text-align:left}
thead th{border-bottom:1.5px solid #8896a4;font-weight:600}
tbody tr{border-bottom:1px solid var(--line)}
caption{text-align:left;color:var(--soft);padding:.2rem 0 .4rem}
.figures{display:flex;flex-wrap:wrap;gap:1.2rem}
figure{flex:1 1 17rem;max-width:24rem;margin:.4rem 0}
figure svg{width:100%;height:auto}
figcaption{color:var(--soft);font-size:13px;text-align:center}
.confusion td.cell{text-align:center;min-width:6.5rem;background:rgba(0,114,178,calc(var(--share)*.55));
font-size:1.05rem}
.confusion td.cell small{display:block;color:inherit;opacity:.75;font-size:.75rem}
.confusion th{text-align:center}.confusion tbody th{text-align:left;font-weight:500}
.card{display:grid;grid-template-columns:minmax(9rem,15rem) 1fr;gap:.3rem 1.2rem;background:var(--wash);
border-radius:.6rem;padding:1rem 1.2rem;font-size:14px}
.card dt{color:var(--soft)}.card dd{margin:0}
details{margin:1.2rem 0}summary{cursor:pointer;color:var(--blue)}
footer{color:var(--soft);font-size:13px;padding:2rem 1.4rem 2.4rem}
@media print{header,main,footer{max-width:none}details{display:block}}"""
