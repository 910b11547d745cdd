"""Words below the weeks of a figure: read strictly, and drawn below the very week."""

import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import study_figure
from napari_bonemet.figures.verdicts import as_verdict, verdicts_of
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions


def test_words_stand_below_their_week_and_no_other() -> None:
    series = make_leg(LegOptions(seed=6, shape=(16, 48, 48), spacing_um=60.0, weeks=(0, 3))).registered()
    told = (as_verdict(3, "lesion 0.97"), as_verdict(3, "none 0.02", predicted=True))
    assert told == ("3=lesion_0.97", "3p=none_0.02")
    words = []
    for given in ((), told):
        figure = study_figure(series, options=MontageOptions(verdicts=given)).figure
        words.append([text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))])
    assert "lesion 0.97" not in words[0]
    assert words[1].count("lesion 0.97") == 1
    assert "none 0.02" not in words[1]


@pytest.mark.parametrize("wrong", ["3", "3=", "x=lesion", "=lesion", "3=" + "a" * 61, "-1=none", "3pp=none"])
def test_words_of_another_form_are_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="words below the weeks"):
        verdicts_of([wrong])


def test_a_week_is_told_once_and_not_too_many() -> None:
    with pytest.raises(InputError, match="each week once"):
        verdicts_of(["3=a", "3=b"])
    with pytest.raises(InputError, match="too many"):
        verdicts_of([f"{week}=a" for week in range(30)])
