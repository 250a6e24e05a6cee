"""How a report is shown: as text, and as HTML with a column of heat."""

import html
import inspect
import linecache
import math
from collections.abc import Iterator
from types import CodeType
from typing import Any

from pycograd.core.errors import file_name

__all__ = ["as_html", "as_text", "source_line"]


def source_line(code: CodeType, number: int) -> str:
    """The text of a line of the file that `code` is from."""
    return linecache.getline(code.co_filename, number).strip()


def source_of(code: CodeType) -> list[tuple[int, str]]:
    """The lines of a function, with their numbers; only those of a lambda that it starts on."""
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
    if not lines:
        return []
    block = lines[:1] if code.co_name == "<lambda>" else inspect.getsourcelines(code)[0]
    return [(code.co_firstlineno + i, line.rstrip()) for i, line in enumerate(block)]


def rows_of(report: Any) -> Iterator[tuple[CodeType, list[tuple[int, str, Any]]]]:
    """For each function that ran: its lines, as (number, source, Line or None)."""
    for code, lines in report.lines.items():
        source = dict(source_of(code)) or {n: "" for n in sorted(lines)}
        source.update({n: source_line(code, n) for n in lines if n not in source})
        yield code, [(n, text, lines.get(n)) for n, text in sorted(source.items())]


def heat(report: Any) -> Any:
    """The function from a slope to 0 ... 1, on a logarithmic scale of four decades below the largest."""
    slopes = [line.slope for lines in report.lines.values() for line in lines.values() if line.slope]
    top = max([s for s in slopes if math.isfinite(s)], default=1.0)

    def of(slope: float | None) -> float:
        if not slope:
            return 0.0
        if not math.isfinite(slope):
            return 1.0
        return min(1.0, max(0.05, 1 + math.log10(slope / top) / 4))

    return of


def time_text(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def html_time(seconds: float) -> str:
    return time_text(seconds).replace("us", "&micro;s")


def size_text(n: int) -> str:
    if not n:
        return ""
    return f"{n} B" if n < 1024 else f"{n / 1024:.1f} KiB" if n < 1024**2 else f"{n / 1024**2:.1f} MiB"


def as_text(report: Any) -> str:
    """The report as text."""
    of = heat(report)
    forward, backward = report.seconds
    out = [
        f"{report.name} = {report.value}",
        f"  {size_text(report.kept) or '0 B'} kept for the backward pass; operations took {time_text(forward)} "
        f"forward, {time_text(backward)} backward",
    ]
    for label, (size, said) in report.arguments.items():
        out.append(f"  {label}: largest derivative {size:.3g}{f'; {said}' if said else ''}")
    out += [f"  {note}" for note in report.notes]
    for code, rows in rows_of(report):
        out.append("")
        out.append(f"{code.co_qualname}  ({file_name(code)})")
        out.append(f"{'|d out|':>10}        {'kept':>9} {'forward':>8} {'backward':>8}  line")
        for number, text, line in rows:
            slope = "" if line is None or line.slope is None else f"{line.slope:.3g}"
            bar = "#" * round(5 * of(line.slope)) if line else ""
            cells = (
                (size_text(line.kept), time_text(line.forward), time_text(line.backward) if slope else "")
                if line and line.operations
                else ("", "", "")
            )
            out.append(
                f"{slope:>10} {bar:<6} {cells[0]:>9} {cells[1]:>8} {cells[2]:>8} {number:>5}  {text}".rstrip()
            )
            out += [f"{'':>46}    ^ {note}" for note in (line.notes if line else [])]
    return "\n".join(out)


STYLE = (
    "<style>.pg-explain{font:13px/1.45 sans-serif;color:#222;background:#fff;padding:8px}"
    ".pg-explain table{border-collapse:collapse;margin:4px 0 14px}"
    ".pg-explain td,.pg-explain th{padding:1px 8px;text-align:right;font:12px/1.5 monospace;border:0;color:#222;"
    "white-space:nowrap;vertical-align:top}"
    ".pg-explain th{color:#777;border-bottom:1px solid #ccc;font-weight:normal}"
    ".pg-explain td.src,.pg-explain th.src{text-align:left;white-space:pre}"
    ".pg-explain td.bad{background:#b3001b;color:#fff}"
    ".pg-explain .note{color:#a33;font:12px/1.4 sans-serif;white-space:normal}"
    ".pg-explain .said{margin:0 0 14px}"
    ".pg-explain .num{color:#999}</style>"
)


def as_html(report: Any) -> str:
    """The report as HTML, for Jupyter."""
    of = heat(report)
    forward, backward = report.seconds
    e = html.escape
    out = [
        STYLE,
        f'<div class="pg-explain"><b>{e(report.name)}</b> = {e(str(report.value))}<br>',
        f"{size_text(report.kept) or '0 B'} kept for the backward pass; operations took {html_time(forward)} forward, "
        f"{html_time(backward)} backward",
        '<table><tr><th class="src">argument</th><th>largest derivative</th><th class="src"></th></tr>',
    ]
    for label, (size, said) in report.arguments.items():
        cells = f'<td class="src">{e(label.removeprefix("argument "))}</td><td>{size:.3g}</td>'
        out.append(f'<tr>{cells}<td class="src note">{e(said)}</td></tr>')
    out.append("</table>")
    out += [f'<div class="note said">{e(note)}</div>'.replace("\n", "<br>") for note in report.notes]
    for code, rows in rows_of(report):
        out.append(
            f"<b>{e(code.co_qualname)}</b> <span class='num'>{e(file_name(code))}</span>"
            "<table><tr><th>|d out / d line|</th><th>kept</th><th>forward</th><th>backward</th><th></th>"
            '<th class="src">line</th></tr>'
        )
        out += [html_row(of, *row) for row in rows]
        out.append("</table>")
    return "\n".join([*out, "</div>"])


def html_row(of: Any, number: int, text: str, line: Any) -> str:
    e = html.escape
    slope = "" if line is None or line.slope is None else f"{line.slope:.3g}"
    ran = line is not None and line.operations > 0
    notes = "".join(f'<div class="note">&#9650; {e(note)}</div>' for note in (line.notes if line else []))
    return (
        f"<tr>{heat_cell(of, line.slope if line else None, slope)}"
        f"<td>{size_text(line.kept) if line else ''}</td><td>{html_time(line.forward) if ran else ''}</td>"
        f"<td>{html_time(line.backward) if ran and slope else ''}</td><td class='num'>{number}</td>"
        f'<td class="src">{e(text)}{notes}</td></tr>'
    )


def heat_cell(of: Any, slope: float | None, text: str) -> str:
    """The cell of a slope: the larger the hotter; NaN and infinity in red."""
    if slope is not None and not math.isfinite(slope):
        return f'<td class="bad">{text}</td>'
    return f'<td style="background:rgba(230,90,20,{0.75 * of(slope):.2f})">{text}</td>'
