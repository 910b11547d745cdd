"""How ST-VAE is taught: two lessons, each with a learning rate that falls to 0."""

from typing import Any

from napari_bonemet.forecast.learner import Learner
from napari_bonemet.forecast.pace import pace as falling

_SECOND_RATE = 0.2
_PACE_OF_NOISE = 8.0
# Share of a lesson in which its rate rises from 0.
_WARM_UP = 0.05


class StvaeLearner(Learner):
    """The learner of a network whose second lesson starts where the first one has settled."""

    @property
    def keeps_last(self) -> bool:  # type: ignore[override]
        """Whether there are two lessons."""
        return bool(self.network.lesson < 1)

    def groups(self) -> list[dict[str, Any]]:
        """What noise does is learned in the second lesson alone, and has to be learned faster."""
        named = list(self.network.named_parameters())
        noise = [weight for name, weight in named if _of_chance(name)]
        rest = [weight for name, weight in named if not _of_chance(name)]
        return [{"params": rest, "pace": 1.0}, *([{"params": noise, "pace": _PACE_OF_NOISE}] if noise else [])]

    def rate(self, share: float, pace: float) -> float:
        """The learning rate: a cosine for each lesson, the second one from a fifth of the height."""
        lesson = self.network.lesson
        if lesson >= 1:
            return self.training.learning_rate * pace
        if share < lesson:
            return self.training.learning_rate * _falling(share / lesson)
        return _SECOND_RATE * self.training.learning_rate * _falling((share - lesson) / (1 - lesson))


def _of_chance(name: str) -> bool:
    return ".noise." in name or name.startswith("place.")


def _falling(share: float) -> float:
    return max(falling(share, warm_up=_WARM_UP), 0.005)
