"""How the page looks: one accent, a grey for the benchmark, figures in columns."""

from typing import Final

from alpha_oracle.research.charts import DARK, LIGHT, RULES

PAGE_RULES: Final = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;
  font-variant-numeric:tabular-nums}
main{max-width:1064px;margin:0 auto;padding:44px 32px 56px}
header p{margin:0;color:var(--quiet)}
.kind{font-size:12px;letter-spacing:.09em;text-transform:uppercase}
h1{margin:4px 0 6px;font-size:34px;line-height:1.15;font-weight:650;letter-spacing:-.02em;
  overflow-wrap:anywhere}
h2{margin:0 0 10px;font-size:17px;font-weight:650;letter-spacing:-.005em}
section{margin-top:40px}
section>p{margin:0 0 12px;max-width:76ch;color:var(--quiet)}
.notes{margin:20px 0 0;padding:10px 16px;border-left:3px solid var(--loss);list-style:none}
.notes li+li{margin-top:6px}
.lead{display:grid;grid-template-columns:repeat(5,1fr);margin-top:28px;
  border-block:1px solid var(--line)}
.lead div{padding:16px 16px 14px 0}
.lead div+div{padding-left:16px;border-left:1px solid var(--line)}
.lead span{display:block;color:var(--quiet);font-size:12.5px;white-space:nowrap}
.lead strong{display:block;font-size:27px;line-height:1.3;font-weight:600;letter-spacing:-.02em;
  white-space:nowrap}
.verdict{margin-top:22px;font-size:16.5px;max-width:80ch}
svg{display:block;width:100%;height:auto;overflow:visible}
figure{margin:0}figure+figure{margin-top:6px}
figcaption{margin:0 0 4px;color:var(--quiet);font-size:12.5px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:36px}
.terms{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:0 36px}
.pair>section,.terms>section{min-width:0}
table{width:100%;border-collapse:collapse;font-size:13.5px}
th{padding:5px 10px 5px 0;color:var(--quiet);font-size:12px;font-weight:500;text-align:left;
  white-space:nowrap;border-bottom:1px solid var(--line)}
td{padding:6px 10px 6px 0;vertical-align:top;border-bottom:1px solid var(--line)}
td.number,th.number{text-align:right;white-space:nowrap;padding-right:22px}
td.name,td.plain{white-space:nowrap}td.name{font-weight:550}
td.meaning{color:var(--quiet)}td.range{width:150px;padding-top:10px}
td.gained{color:var(--accent)}td.lost{color:var(--loss)}
.scrolls{overflow-x:auto}
dl{display:grid;grid-template-columns:auto minmax(50%,1fr);gap:5px 24px;margin:0;font-size:13.5px}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:break-word}
.none{color:var(--quiet)}
footer{margin-top:44px;padding-top:14px;border-top:1px solid var(--line);color:var(--quiet);
  font-size:12.5px}
@media screen and (max-width:760px){main{padding:24px 18px}.pair{grid-template-columns:1fr}
  .lead{grid-template-columns:repeat(2,1fr)}
  .lead div,.lead div+div{padding:12px 12px 10px 0;border-left:0}}
@media print{html{color-scheme:light}main{max-width:none;padding:0;zoom:.72}
  body{print-color-adjust:exact;-webkit-print-color-adjust:exact}
  figure,tr,dl,.lead,.pair{break-inside:avoid}h2,h2+p{break-after:avoid}section{margin-top:30px}
  .scrolls{overflow:visible}}
@page{margin:15mm 14mm}
"""

STYLE: Final = (
    f":root{{{LIGHT}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    f"{RULES}{PAGE_RULES}"
)
