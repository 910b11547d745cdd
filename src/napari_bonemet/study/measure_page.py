"""The report of a cohort: one HTML page with its tables and plots in it, which can be sent as it is."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape

from napari_bonemet.html_table import html_table
from napari_bonemet.morphometry.catalogue import Measure
from napari_bonemet.morphometry.cohort.comparing import Comparison
from napari_bonemet.morphometry.cohort.statistics import per_animal
from napari_bonemet.morphometry.cohort.weekly import WeeklyTable
from napari_bonemet.provenance import __version__
from napari_bonemet.study.measuring import CohortMeasures

_SIGNIFICANT = 0.05
_STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.6rem 0;font-size:13px}th,td{padding:.15rem .6rem;text-align:right}
th:first-child,td:first-child{text-align:left}
thead th{border-bottom:1px solid #888}tr:nth-child(even){background:#f4f4f4}
img{max-width:100%}h2{margin-top:2.2rem;border-top:1px solid #ccc;padding-top:.8rem}.synthetic{background:#fff3cd;
padding:.5rem .8rem;font-weight:bold}.why{color:#777}nav a{margin-right:.7rem}caption{text-align:left;color:#555}"""


def page_of_cohort(cohort: CohortMeasures, plots: Mapping[str, bytes], *, title: str, method: str) -> str:
    """The page.

    Parameters
    ----------
    plots : mapping of str to bytes
        PNG of each measure by its symbol.
    title : str
        What the cohort is called.
    method : str
        How it was compared, in words.
    """
    table = cohort.table
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>",
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>",
    ]
    if table.synthetic:
        parts.append("<p class='synthetic'>Synthetic data: made by a generator, no data of any animal.</p>")
    parts += [*_overview(cohort), f"<p>{escape(method)}</p>", *_notes(cohort)]
    links = "".join(f"<a href='#{_anchor(m)}'>{escape(m.symbol)}</a>" for m in table.measures)
    parts.append(f"<nav>{links}</nav>")
    for measure in table.measures:
        parts += _measure(cohort, measure, plots.get(measure.symbol))
    parts.append(f"<p class='why'>napari-bonemet {escape(__version__)}. Research use.</p></body></html>\n")
    return "\n".join(parts)


def _overview(cohort: CohortMeasures) -> Iterator[str]:
    table = cohort.table
    heads = ["group", "animals", "legs", *(f"legs in week {week:g}" for week in table.weeks)]
    rows = []
    for group in table.groups:
        of_group = [row for row in table.rows if row.group == group]
        there = [str(sum(row.week == week for row in of_group)) for week in table.weeks]
        rows.append([group, str(len({r.animal for r in of_group})), str(len({r.leg for r in of_group})), *there])
    yield html_table(heads, rows)


def _notes(cohort: CohortMeasures) -> Iterator[str]:
    refused = [f"{leg} could not be measured: {reason}" for leg, reason in cohort.refused.items()]
    notes = [*refused, *cohort.notes, *cohort.absent_in_words()]
    if notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in notes)
        yield f"<details open><summary>To know ({len(notes)})</summary><ul>{items}</ul></details>"


def _measure(cohort: CohortMeasures, measure: Measure, plot: bytes | None) -> Iterator[str]:
    table = cohort.table
    yield f"<h2 id='{_anchor(measure)}'>{escape(measure.column)}</h2><p>{escape(measure.meaning)}</p>"
    if plot is not None:
        yield f"<img alt='{escape(measure.symbol)} over weeks' src='data:image/png;base64,{b64encode(plot).decode()}'>"
    heads = ["group", *(f"week {week:g}" for week in table.weeks)]
    rows = [[group, *(_mean(table, group, week, measure) for week in table.weeks)] for group in table.groups]
    yield html_table(heads, rows, caption=f"{measure.column}: mean ± SD of animals (n)")
    comparisons = [each for each in cohort.comparisons if each.measure == measure]
    if comparisons:
        heads = ["compared", "week", "n", "difference", "Hedges' g", "test", "p", "p Holm"]
        yield html_table(heads, [_comparison(each) for each in comparisons], escaped=True)


def _mean(table: WeeklyTable, group: str, week: float, measure: Measure) -> str:
    values = [*per_animal(table, group, week, measure.symbol).values()]
    if not values:
        return "–"
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.4g} (1)"
    spread = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    return f"{mean:.4g} ± {spread:.2g} ({len(values)})"


def _comparison(each: Comparison) -> list[str]:
    if each.kind == "week with baseline":
        what, count = f"{each.group}, with week {each.baseline:g}", str(each.n)
    else:
        change = f", change since week {each.baseline:g}" if each.kind == "change between groups" else ""
        what, count = f"{each.other} less {each.group}{change}", f"{each.n_other}, {each.n}"
    told = [escape(what), f"{each.week:g}", count, _with_interval(each.difference, each.low, each.high)]
    if each.reason:
        return [*told, "", f"<span class='why'>{escape(each.reason)}</span>", "", ""]
    holm = _p(each.p_holm)
    bold = each.p_holm is not None and each.p_holm < _SIGNIFICANT
    effect = _with_interval(each.effect, each.effect_low, each.effect_high)
    return [*told, effect, each.test, _p(each.p), f"<b>{holm}</b>" if bold else holm]


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if low is None or high is None else f"{value:.3g} ({low:.3g} to {high:.3g})"


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "&lt; 0.0001" if value < 1e-4 else f"{value:.2g}"


def _anchor(measure: Measure) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in measure.symbol)
