from napari_bonemet.progress import NO_PROGRESS, PartOf, Reading, report, wants_end


class Listener:
    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.items: list[object] = []

    def advance(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def message(self, text: str) -> None:
        del text

    def check(self) -> None:
        pass

    def report(self, item: object) -> None:
        self.items.append(item)


def test_part_advances_the_whole_by_its_share() -> None:
    whole = Listener()
    half = PartOf(PartOf(whole, 0.5, 1.0), 0.0, 0.5)
    half.advance(0.0)
    half.advance(1.0)
    assert whole.fractions == [0.5, 0.75]


def test_reading_reaches_a_listener_through_every_part() -> None:
    whole = Listener()
    reading = Reading("mutual information", 1.5)
    report(PartOf(PartOf(whole, 0.0, 0.5), 0.0, 0.5), reading)
    assert whole.items == [reading]


def test_who_takes_no_readings_is_left_alone() -> None:
    report(NO_PROGRESS, Reading("mutual information", 1.5))
    report(PartOf(NO_PROGRESS, 0.0, 1.0), Reading("mutual information", 1.5))


def test_a_listener_may_ask_a_step_to_end_with_what_it_has() -> None:
    whole = Listener()
    half = PartOf(PartOf(whole, 0.0, 0.5), 0.0, 0.5)
    assert not wants_end(half)
    whole.wants_end = lambda: True  # type: ignore[attr-defined]
    assert wants_end(half)
    assert not wants_end(PartOf(NO_PROGRESS, 0.0, 1.0))
