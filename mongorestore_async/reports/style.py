"""The style sheet of all pages: screen, dark, phone and paper. Nothing in it is fetched from anywhere."""

from __future__ import annotations

__all__ = ["DARK", "LIGHT", "STYLE"]

#: Colours; text on each of the kinds is ``--on``. Contrast is at least 4.5 to 1 (WCAG 2.2, 1.4.3), which a test counts.
LIGHT = {
    "bg": "#ffffff",
    "soft": "#f3f5f7",
    "text": "#1a1f24",
    "muted": "#57606a",
    "rule": "#d0d7de",
    "on": "#ffffff",
    "good": "#1a7f37",
    "bad": "#cf222e",
    "warn": "#8a5c00",
    "run": "#0969da",
    "none": "#6a737d",
}
DARK = {
    "bg": "#0d1117",
    "soft": "#161b22",
    "text": "#e6edf3",
    "muted": "#9aa4af",
    "rule": "#30363d",
    "on": "#0d1117",
    "good": "#3fb950",
    "bad": "#ff7b72",
    "warn": "#d29922",
    "run": "#58a6ff",
    "none": "#8b949e",
}


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


_SCREEN = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--bg);color:var(--text);
font:15px/1.45 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.3rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}p{margin:.4rem 0}
a{color:var(--run)}:focus-visible{outline:3px solid var(--run);outline-offset:2px}
.skip{position:absolute;left:-99em}.skip:focus{left:1rem;background:var(--bg);padding:.5rem}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0}
.muted,.note{color:var(--muted)}
.cards{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;list-style:none}
.cards li{border:1px solid var(--rule);border-left:6px solid var(--none);border-radius:4px;padding:.3rem .8rem;
min-width:7rem}.cards b{display:block;font-size:1.4rem;line-height:1.2}
.cards .good{border-left-color:var(--good)}.cards .bad{border-left-color:var(--bad)}
.cards .warn{border-left-color:var(--warn)}.cards .run{border-left-color:var(--run)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0}
dt{color:var(--muted)}dd{margin:0}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.87rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--rule)}
th{background:var(--soft)}thead th{white-space:nowrap}
.n{text-align:right;white-space:nowrap}.w{white-space:nowrap}
td,th{overflow-wrap:anywhere}td{min-width:6rem}td.n,td.w{min-width:0}
i{font-style:normal;font-weight:600;background:var(--none);color:var(--on);border-radius:3px;padding:0 .35rem;
white-space:nowrap;display:inline-block}
i.good{background:var(--good)}i.bad{background:var(--bad)}i.warn{background:var(--warn)}i.run{background:var(--run)}
.tiles{line-height:1.75}.tiles i{width:1.5em;padding:0;text-align:center;margin:0 2px 0 0;font-size:.8rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;font-size:.87rem}
code{font-size:.85em;word-break:break-all}td code{display:inline-block;min-width:15rem}
tbody th{min-width:9rem}
.chart{display:block;min-width:44rem;width:100%;height:auto}
.chart text{font-size:12px;fill:var(--text)}.chart .tick,.chart .word{fill:var(--muted)}
.chart rect,.chart circle{fill:var(--none)}
.chart .good{fill:var(--good)}.chart .bad{fill:var(--bad)}.chart .warn{fill:var(--warn)}.chart .run{fill:var(--run)}
.chart .grid{stroke:var(--rule);stroke-width:1}.chart .goal{stroke:var(--text);stroke-width:3}
.chart .line{fill:none;stroke:var(--run);stroke-width:2}
@media (max-width:40rem){body{padding:.6rem}dl{grid-template-columns:1fr}dd{margin-bottom:.3rem}}
"""

_PAPER = """
@page{size:A4;margin:14mm}
@media print{:root{LIGHT}body{max-width:none;padding:0;font-size:9.5pt}
nav,.skip{display:none}h2,h3{break-after:avoid}tr,svg,.cards li,dl{break-inside:avoid}thead{display:table-header-group}
.wide{overflow:visible}td,td code{min-width:0}tbody th{min-width:6rem}
.note{break-after:avoid}.tiles i{width:1.35em}.chart{min-width:0}table{font-size:8pt}
i,th,.chart *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

STYLE = (
    ":root{color-scheme:light dark;"
    + _variables(LIGHT)
    + "}@media (prefers-color-scheme:dark){:root{"
    + _variables(DARK)
    + "}}"
    + _SCREEN
    + _PAPER.replace("LIGHT", "color-scheme:light;" + _variables(LIGHT))
)
