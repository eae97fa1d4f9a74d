"""The few shapes that the pictures are made of, as SVG: text stays text, and light and dark mode are both readable."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent.parent / "_static" / "pictures"

#: A picture is an image of its own: it cannot take the colours of the page, so it has a background.
_STYLE = """
text { font: 14px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1b2733; }
.code { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12.5px; }
.strong { font-weight: 600; }
.quiet { fill: #52616f; font-size: 12.5px; }
.paper { fill: #fbfcfd; stroke: #c9d3dc; }
.box { fill: #eef3f7; stroke: #8fa3b5; }
.good { fill: #e0f2e6; stroke: #4c9a66; }
.bad { fill: #fbe6e3; stroke: #c2685b; }
.note { fill: #fdf4d7; stroke: #c9a93a; }
.line { stroke: #52616f; stroke-width: 1.4; fill: none; }
.life { stroke: #a9b7c4; stroke-dasharray: 4 4; }
.dashed { stroke-dasharray: 6 4; }
.head { fill: #52616f; }
@media (prefers-color-scheme: dark) {
  text { fill: #dde5ec; }
  .quiet { fill: #a3b1be; }
  .paper { fill: #161b20; stroke: #38434d; }
  .box { fill: #232c34; stroke: #61717f; }
  .good { fill: #17342a; stroke: #4c9a66; }
  .bad { fill: #3d2320; stroke: #c2685b; }
  .note { fill: #37301a; stroke: #a58a2e; }
  .line { stroke: #a3b1be; }
  .life { stroke: #4d5a66; }
  .head { fill: #a3b1be; }
}
""".strip()


class Drawing:
    """A picture.

    Args:
        width: In pixels.
        title: What it shows, for those who cannot see it.

    Attributes:
        shapes: What was drawn so far, the lowest first.

    """

    def __init__(self, width: float, title: str) -> None:
        self.width = width
        self._title = title
        self.shapes: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Draw a rectangle."""
        self.shapes.append(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>')

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """Write a line; ``y`` is its base."""
        self.shapes.append(f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>')

    def line(self, *points: tuple[float, float], kind: str = "line", arrow: bool = False) -> None:
        """Draw a line, with a head at its end or without."""
        path = " L".join(f"{x:g} {y:g}" for x, y in points)
        head = ' marker-end="url(#head)"' if arrow else ""
        self.shapes.append(f'<path class="{kind}" d="M{path}"{head}/>')

    def save(self, name: str, height: float) -> None:
        """Write it into the folder of pictures."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        shapes = "\n".join(self.shapes)
        (FOLDER / f"{name}.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {height:g}" width="{self.width:g}" '
            f'height="{height:g}" role="img">\n<title>{escape(self._title)}</title>\n<style>\n{_STYLE}\n</style>\n'
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto"><path class="head" d="M0 0 L8 4 L0 8 Z"/></marker></defs>\n'
            f'<rect class="paper" x="0.5" y="0.5" width="{self.width - 1:g}" height="{height - 1:g}" rx="8"/>\n'
            f"{shapes}\n</svg>\n",
            encoding="utf-8",
        )
