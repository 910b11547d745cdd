"""The table: columns that were asked for, a row for each slice of one animal, or for each animal."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from napari_bonemet.errors import InputError
from napari_bonemet.figures.content import Content
from napari_bonemet.figures.layouts import samples_of
from napari_bonemet.figures.options import Column
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.figures.slices import across

# What tells a panel's column: the kind of column, and which of them: the week, the model, the sample's rank.
Key = tuple[Column, float | str]


def rows_of_table(contents: Sequence[Content]) -> list[Row]:
    """The rows of the table.

    Parameters
    ----------
    contents : sequence of Content
        One for each animal. What another animal of the table has and this one has not stays blank.

    Raises
    ------
    InputError
        When there is nothing of what was asked for.
    """
    options = contents[0].options
    lines = [(content, index) for content in contents for index in content.losses.slices]
    found = [{key: panel for name in options.show for key, panel in _panels(name, *line)} for line in lines]
    keys = [key for name in options.show for key in _sorted_keys(name, found)]
    if not keys:
        raise InputError(
            "There is nothing to show in the table",
            found=f"no {' and no '.join(options.show)} of {', '.join(content.seen.leg for content in contents)}",
            remedy="Ask for other columns, or make a forecast first",
        )
    alone = len(contents) == 1
    rows = []
    for number, ((content, index), panels) in enumerate(zip(lines, found, strict=True)):
        last = number == len(lines) - 1
        row = [_placed(panels.get(key), key, content, last=last, alone=alone) for key in keys]
        anchor = None if alone else content.seen.baseline
        rows.append(Row(tuple(row), index, _label(content, index, alone=alone), anchor))
    return _titled_once(rows)


def _sorted_keys(name: Column, found: Sequence[dict[Key, Panel]]) -> list[Key]:
    """The columns of one kind, weeks in their order, everything else as it first comes."""
    keys = list(dict.fromkeys(key for panels in found for key in panels if key[0] == name))
    return sorted(keys) if name == "weeks" else keys


def _panels(name: Column, content: Content, index: int) -> Iterator[tuple[Key, Panel]]:
    match name:
        case "weeks":
            panels = content.weeks("weeks seen")
            yield from ((("weeks", scan.week or 0.0), panel) for scan, panel in zip(content.seen, panels, strict=True))
        case "models":
            yield from ((("models", panel.title), panel) for panel in content.models(index))
        case "samples":
            panels = samples_of(content, index, lost="") if content.several else iter(())
            yield from ((("samples", float(rank)), panel) for rank, panel in enumerate(panels))
        case _:
            yield from (((name, ""), panel) for panel in _single(name, content, index))


def _single(name: Column, content: Content, index: int) -> Iterator[Panel]:
    """What there is one of, at the most."""
    every = f"all {len(content.forecast.samples)}" if content.forecast is not None else ""
    week = f"week {content.truth.week:g}" if content.truth is not None else ""
    match name:
        case "composite":
            yield from content.lost_and_formed(grouped=True)
        case "truth":
            yield from content.true_week(index, title="true", group=week)
        case "predicted":
            yield from islice(content.models(index), 1)
        case "mean":
            yield from content.mean(index, title="mean", group=every)
        case "probability":
            yield from content.probability(title="bone share", group=every)
        case "spread":
            yield from content.spread(group=every, asked=True)
        case "difference":
            yield from content.difference(title="mean − true", group="difference")


def _placed(panel: Panel | None, key: Key, content: Content, *, last: bool, alone: bool) -> Panel:
    if panel is None:
        return Panel(content.seen.baseline, "", kind="blank")
    # Volumes are of the whole bone: the last row says them for all slices of an animal, and each animal has its own.
    counts = key[0] in ("composite", "samples") and (last or not alone)
    return replace(panel, bar=last, note=panel.note if counts else "")


def _label(content: Content, index: int, *, alone: bool) -> str:
    options, scan = content.options, content.seen.baseline
    if options.as_volumes:
        return "" if alone else content.seen.leg
    axis = across(options.plane)
    place = f"slice {index}, {(scan.origin[axis] + index * scan.spacing[axis]) / 1000:.2f} mm"
    return place if alone else f"{content.seen.leg}, slice {index}"


def _titled_once(rows: Sequence[Row]) -> list[Row]:
    """Titles and headings above the first row alone, where the other rows have the same."""
    heads = [_heads(row) for row in rows]
    first = tuple(next((head for head in column if head != ("", "")), ("", "")) for column in zip(*heads, strict=True))
    top = replace(rows[0], panels=_with_heads(rows[0], first))
    same = all(head in (one, ("", "")) for own in heads for head, one in zip(own, first, strict=True))
    if not same:
        return [top, *rows[1:]]
    nothing = (("", ""),) * len(first)
    return [top, *(replace(row, panels=_with_heads(row, nothing)) for row in rows[1:])]


def _heads(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple((panel.title, panel.group) for panel in row.panels)


def _with_heads(row: Row, heads: Sequence[tuple[str, str]]) -> tuple[Panel, ...]:
    return tuple(
        replace(panel, title=title, group=group) for panel, (title, group) in zip(row.panels, heads, strict=True)
    )
