"""Every measure of the catalogue says what it is, and nothing else does."""

from napari_bonemet.morphometry.catalogue import MEASURES
from napari_bonemet.morphometry.definitions import DEFINITIONS, definition_of


def test_every_measure_is_defined_in_a_sentence_of_its_own() -> None:
    assert set(DEFINITIONS) == {measure.symbol for measure in MEASURES}
    for measure in MEASURES:
        sentence = definition_of(measure.symbol)
        assert sentence[:1].isupper(), measure.symbol
        assert sentence.endswith("."), measure.symbol
        assert sentence.rstrip(".").lower() != measure.meaning.lower(), "a name said twice is no definition"
    assert definition_of("no such measure") == ""
