"""Draws cost against size: the time for one message of the whole report, from figures of compare.py, as SVG.

Prints the same as a Markdown table, and by how much the greatest time for a message is above the least. The band in the
drawing is a fifth above the least: cost that grows as the number of messages does stays in it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from questions import COUNT
from tasks import PROGRAM

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50
BAND = 1.2
STYLE = (
    "text{font:13px sans-serif;fill:#333}.title{font-weight:bold}.end{text-anchor:end}.middle{text-anchor:middle}"
    ".grid{stroke:#ddd}.band{fill:#dcebdc}.cost{fill:none;stroke:#1f4e79;stroke-width:2}.point{fill:#1f4e79}"
)
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Point:
    """One size and what the whole report took."""

    messages: int
    seconds: float
    peak_bytes: int

    @property
    def microseconds(self) -> float:
        """For one message."""
        return self.seconds / self.messages * 1e6


def points(paths: list[Path]) -> list[Point]:
    """The points of the figures, in order of size; of two of one size the last file's."""
    found: dict[int, Point] = {}
    for path in paths:
        figures = json.loads(path.read_text())
        for line in figures["lines"]:
            if line["question"] == COUNT and line["engine"] == PROGRAM and line["runs"]:
                found[figures["messages"]] = Point(figures["messages"], line["median_seconds"], line["peak_bytes"])
    return [found[messages] for messages in sorted(found)]


def step(highest: float) -> float:
    """The distance of the lines of the grid: 1, 2 or 5 times a power of ten, four to ten of them."""
    power = 10.0 ** math.floor(math.log10(highest))
    return next(power * part for part in (0.1, 0.2, 0.5, 1.0) if highest / (power * part) <= 10)


def drawing(drawn: list[Point]) -> str:
    """The SVG."""
    first, last = math.floor(math.log10(drawn[0].messages)), math.ceil(math.log10(drawn[-1].messages))
    last = max(last, first + 1)
    least = min(point.microseconds for point in drawn)
    highest = max(BAND * least, *(point.microseconds for point in drawn)) * 1.1

    def across(messages: float) -> float:
        return LEFT + (math.log10(messages) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def down(microseconds: float) -> float:
        return HEIGHT - BOTTOM - microseconds / highest * (HEIGHT - TOP - BOTTOM)

    band = f'<rect class="band" x="{LEFT}" y="{down(BAND * least):.1f}" width="{WIDTH - LEFT - RIGHT}" '
    line = " ".join(f"{across(point.messages):.1f},{down(point.microseconds):.1f}" for point in drawn)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        "<title>Time of the whole report for one message, against the number of messages</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="24">Whole report: microseconds for one message</text>',
        f'{band}height="{down(least) - down(BAND * least):.1f}"/>',
        *_grid(first, last, highest, across, down),
        f'<rect class="band" x="{LEFT}" y="{HEIGHT - 21}" width="14" height="14"/>',
        f'<text x="{LEFT + 20}" y="{HEIGHT - 10}">within 20 % of the least</text>',
        f'<text class="end" x="{WIDTH - RIGHT}" y="{HEIGHT - 10}">messages</text>',
        f'<polyline class="cost" points="{line}"/>',
    ]
    for point in drawn:
        x, y = across(point.messages), down(point.microseconds)
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        # The first and the last lie on the edges, where the figures of the axis stand.
        anchor, aside = ("start", 8) if point is drawn[0] else ("end", -8) if point is drawn[-1] else ("middle", 0)
        parts.append(f'<text class="{anchor}" x="{x + aside:.1f}" y="{y - 10:.1f}">{point.microseconds:.2f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _grid(first: int, last: int, highest: float, across: Callable[[float], float], down: Callable[[float], float]) -> list[str]:
    parts = []
    for power in range(first, last + 1):
        x = across(10**power)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="middle" x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}">10{str(power).translate(RAISED)}</text>')
    apart = step(highest)
    for number in range(int(highest / apart) + 1):
        y = down(number * apart)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="end" x="{LEFT - 8}" y="{y + 4:.1f}">{number * apart:g}</text>')
    return parts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, nargs="+", help="files that compare.py wrote with --json, one for each size")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the SVG to write")
    chosen = parser.parse_args()
    drawn = points(chosen.figures)
    if not drawn:
        parser.error("no figures of the whole report in these files")
    chosen.output.write_text(drawing(drawn), encoding="utf-8")
    print("| messages | seconds | µs for one message | peak MiB | bytes of memory for one message |")
    print("|--:|--:|--:|--:|--:|")
    for point in drawn:
        peak, each = point.peak_bytes / 2**20, point.peak_bytes / point.messages
        print(f"| {point.messages:,} | {point.seconds:.2f} | {point.microseconds:.2f} | {peak:,.0f} | {each:,.0f} |")
    costs = [point.microseconds for point in drawn]
    print(f"\nThe greatest time for one message is {max(costs) / min(costs):.2f} times the least.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
