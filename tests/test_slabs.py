"""Slabs cover everything once, errors arrive, and a wish to stop is heard."""

import time
from threading import get_ident

import numpy as np
import pytest

from napari_bonemet.progress import Cancelled
from napari_bonemet.slabs import from_slabs, over_slabs


@pytest.mark.parametrize(("length", "slab"), [(1, 4), (10, 3), (12, 4), (5, 100)])
def test_every_slice_is_done_once(length: int, slab: int) -> None:
    seen = np.zeros(length, int)

    def work(start: int, stop: int) -> None:
        seen[start:stop] += 1

    over_slabs(work, length, slab=slab, threads=3)
    assert (seen == 1).all()


def test_one_thread_is_the_calling_one_and_hears_the_wish_to_stop() -> None:
    seen: list[tuple[int, int, int]] = []

    class Stops:
        def advance(self, fraction: float) -> None: ...
        def message(self, text: str) -> None: ...
        def check(self) -> None:
            if len(seen) == 2:
                raise Cancelled

    over_slabs(lambda *span: seen.append((*span, get_ident())), 5, slab=3, threads=1)
    assert seen == [(0, 3, get_ident()), (3, 5, get_ident())]
    seen.clear()
    with pytest.raises(Cancelled):
        over_slabs(lambda *span: seen.append((*span, get_ident())), 9, slab=3, progress=Stops(), threads=1)
    assert len(seen) == 2


def test_an_error_of_the_work_arrives() -> None:
    def work(start: int, stop: int) -> None:
        if start == 4:
            raise ValueError("slab four")

    with pytest.raises(ValueError, match="slab four"):
        over_slabs(work, 10, slab=2)


def test_a_wish_to_stop_drops_what_has_not_begun() -> None:
    class Stop:
        def advance(self, fraction: float) -> None:
            pass

        def message(self, text: str) -> None:
            pass

        def check(self) -> None:
            raise Cancelled

    done: list[int] = []

    def work(start: int, stop: int) -> None:
        import time

        time.sleep(0.02)
        done.append(start)

    with pytest.raises(Cancelled):
        over_slabs(work, 200, slab=1, progress=Stop(), threads=2)
    assert len(done) < 200


def test_what_slabs_make_stands_in_their_order() -> None:
    def work(start: int, stop: int) -> tuple[int, int]:
        time.sleep(0.01 * (10 - start) / 10)
        return start, stop

    assert from_slabs(work, 10, slab=3) == [(0, 3), (3, 6), (6, 9), (9, 10)]
