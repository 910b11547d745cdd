"""The title of a figure, and what the reader has to know."""

from collections.abc import Sequence

from napari_bonemet.figures.content import Content


def title_of(contents: Sequence[Content]) -> str:
    """Whose leg it is, and what is forecast."""
    content = contents[0]
    legs = content.seen.leg if len(contents) == 1 else f"{len(contents)} animals"
    weeks = {one.forecast.week for one in contents if one.forecast is not None}
    if not weeks:
        return f"{legs}, micro-CT"
    return f"{legs}, forecast of week {', '.join(f'{week:g}' for week in sorted(weeks))}"


def notes_of(contents: Sequence[Content]) -> tuple[str, ...]:
    """The models, how the samples were chosen, what their numbers count."""
    about = [words for content in contents for words in content.about_the_models()]
    several = [content for content in contents if content.several]
    if not several or not _samples_shown(contents[0]):
        return tuple(dict.fromkeys(about))
    if len(contents) > 1:
        return (*dict.fromkeys(about), "Samples shown: spread from the least bone lost to the most", _lost(several[0]))
    content = several[0]
    shown, drawn = len(content.losses.shown), len(content.losses.samples)
    which = "spread from the least bone lost to the most" if shown > 1 else "the median of bone lost"
    scored = (f"Mean of all samples against the true week: {content.scored()}",) if content.scores else ()
    return (*dict.fromkeys(about), f"Samples shown: {shown} of {drawn}, {which}", *scored, _lost(content))


def _samples_shown(content: Content) -> bool:
    return content.options.layout != "table" or "samples" in content.options.show


def _lost(content: Content) -> str:
    opening = content.options.lesion_opening
    without = f"; losses thinner than {2 * opening + 1} voxels are left out as surface noise" if opening else ""
    return f"mm³: bone lost since week {content.seen.weeks[-1]:g} in the whole volume{without}"
