"""A bar chart as SVG: seconds on a logarithmic scale, for what is compared differs a hundredfold."""

from collections.abc import Mapping
from math import floor, log10
from xml.sax.saxutils import escape

LEFT, RIGHT, BAR, GAP, TOP = 250, 70, 22, 10, 44
WIDTH = 720
OURS, OTHERS = "#2563eb", "#94a3b8"


def bars(title: str, seconds: Mapping[str, float], *, others: frozenset[str]) -> str:
    """Draw one bar for each case; `others` are those that are not ours."""
    lowest = 10.0 ** floor(log10(min(seconds.values()) / 2))
    span = log10(max(seconds.values()) * 1.2 / lowest)
    room = WIDTH - LEFT - RIGHT

    def place(value: float) -> float:
        return LEFT + room * log10(value / lowest) / span

    height = TOP + len(seconds) * (BAR + GAP) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="24" font-size="15" font-weight="bold" fill="#0f172a">{escape(title)}</text>',
    ]
    mark = lowest
    while (x := place(mark)) <= WIDTH - RIGHT:
        parts.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 6}" y2="{height - 24}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="{x:.0f}" y="{height - 8}" text-anchor="middle" fill="#475569">{mark:g} s</text>')
        mark *= 10
    for number, (case, value) in enumerate(seconds.items()):
        y = TOP + number * (BAR + GAP)
        end, colour = place(value), OTHERS if case in others else OURS
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end" fill="#0f172a">{escape(case)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.0f}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{end + 6:.0f}" y="{y + 16}" fill="#0f172a">{value:.2f} s</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
