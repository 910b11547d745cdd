"""The layers of ST-VAE; imports torch, so import it late.

Batch normalisation takes its statistics from the first lesson as a whole and keeps them in the second: those of a
batch of two blocks moved the greys of whole legs by one or two. So no layer of a trained network looks at more than
its neighbourhood, and blocks of a leg, cut with enough around them, give what the whole leg gives.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from napari_bonemet.forecast.compose import compose, one_future
from napari_bonemet.forecast.learner import Terms
from napari_bonemet.forecast.models.losses import Gaussian
from napari_bonemet.forecast.models.stvae import LEAK, StvaeOptions
from napari_bonemet.forecast.models.stvae_losses import field_kl, futures_score
from napari_bonemet.forecast.models.stvae_noise import Noise, draw_noise
from napari_bonemet.forecast.models.stvae_place_network import Place, shifted
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

# The gate starts out nearly shut: the first forecast is a copy of the last week.
_GATE_BIAS = -2.0
_POSTERIOR_LOG_VARIANCE = -3.0
# Share of the training that is spent on the mean alone.
LESSON_OF_THE_MEAN = 0.5
# How much of a batch goes into the statistics of the normalisation: an average over some fifty batches.
_MOMENTUM = 0.02


class Seen(NamedTuple):
    """What the weeks seen leave behind: per level the half of the decoder's sum that no noise moves; the prior of z."""

    fine: Any
    middle: Any
    coarse: Any
    prior: Gaussian | None


def _conv(channels: int, made: int, stride: int = 1) -> Any:
    return nn.Conv3d(channels, made, 3, stride, 1, bias=False)


def _norm(channels: int) -> Any:
    return nn.BatchNorm3d(channels, momentum=_MOMENTUM)


class Block(Module):
    """Convolution, normalisation, leaky rectifier, twice; time enters as a bias."""

    def __init__(self, channels: int, made: int, times: int, stride: int = 1) -> None:
        super().__init__()
        self.first, self.second = _conv(channels, made, stride), _conv(made, made)
        self.norms = nn.ModuleList(_norm(made) for _ in range(2))
        self.time = nn.Linear(times, made)
        nn.init.zeros_(self.time.weight)
        nn.init.zeros_(self.time.bias)

    def forward(self, x: Any, times: Any) -> Any:
        """Maps (n, channels, z, y, x) and times (n, weeks) to maps."""
        x = self.norms[0](self.first(x)) + self.time(times)[:, :, None, None, None]
        x = nn.functional.leaky_relu(x, LEAK, inplace=True)
        return nn.functional.leaky_relu(self.norms[1](self.second(x)), LEAK, inplace=True)


class Modulation(Module):
    """Noise fields scale and shift maps; at first they do nothing."""

    def __init__(self, noises: int, channels: int) -> None:
        super().__init__()
        self.fields = nn.Conv3d(noises, 2 * channels, 1)
        nn.init.zeros_(self.fields.weight)
        nn.init.zeros_(self.fields.bias)

    def forward(self, x: Any, noise: Any) -> Any:
        """`x` (n, channels, ...) under noise (n, noises, ...)."""
        scale, shift = self.fields(noise).chunk(2, 1)
        return torch.addcmul(shift + x, x, scale)


class Encoder(Module):
    """Weeks (n, weeks, z, y, x) to the maps of three levels, fine to coarse."""

    def __init__(self, weeks: int, times: int, width: int) -> None:
        super().__init__()
        self.fine = Block(weeks, width, times)
        self.middle = Block(width, 2 * width, times, stride=2)
        self.coarse = Block(2 * width, 4 * width, times, stride=2)

    def forward(self, weeks: Any, times: Any) -> tuple[Any, Any, Any]:
        """The maps of each level."""
        fine = self.fine(weeks, times)
        middle = self.middle(fine, times)
        return fine, middle, self.coarse(middle, times)


class Rung(Module):
    """One level of the decoder: the skip's half, what comes up from below, noise, a convolution."""

    def __init__(self, skip: int, below: int, made: int, noises: int) -> None:
        super().__init__()
        self.skip = nn.Conv3d(skip, made, 3, 1, 1)
        self.below = nn.Conv3d(below, made, 1, bias=False) if below else None
        self.norm = _norm(made)
        self.noise = Modulation(noises, made) if noises else None

    def still(self, skip: Any) -> Any:
        """The half that is the same for every future."""
        return self.skip(skip)

    def forward(self, still: Any, below: Any, noise: Any) -> Any:
        """Maps of this level."""
        x = still if self.below is None else still + _up(self.below(below), still.shape[-3:])
        x = self.norm(x)
        if self.noise is not None and noise is not None:
            x = self.noise(x, noise)
        return nn.functional.leaky_relu(x, LEAK)


class Decoder(Module):
    """The maps of three levels, and noise in each, to the maps k and c, or the week itself."""

    def __init__(self, options: StvaeOptions) -> None:
        super().__init__()
        width = options.width
        noises = options.noise_channels if options.objective == "score" else (0, 0, 0)
        latent = options.z_dim if options.objective == "elbo" else noises[2]
        self.coarse = Rung(4 * width, 0, 4 * width, latent)
        self.deep = nn.Sequential(_conv(4 * width, 4 * width), _norm(4 * width), nn.LeakyReLU(LEAK))
        self.middle = Rung(2 * width, 4 * width, 2 * width, noises[1])
        self.mid = nn.Sequential(_conv(2 * width, 2 * width), _norm(2 * width), nn.LeakyReLU(LEAK))
        self.fine = Rung(width, 2 * width, width, noises[0])
        self.out = nn.Conv3d(width, options.channels, 3, 1, 1)
        if options.output == "gate":
            nn.init.constant_(self.out.bias[:1], _GATE_BIAS)

    def forward(self, seen: Seen, noise: Noise) -> Any:
        """Maps (n, channels, z, y, x) before the sigmoid."""
        x = self.deep(self.coarse(seen.coarse, None, noise.coarse))
        x = self.mid(self.middle(seen.middle, x, noise.middle))
        return self.out(self.fine(seen.fine, x, noise.fine))


class Stvae(Module):
    """The whole network."""

    def __init__(self, options: StvaeOptions) -> None:
        super().__init__()
        self.options = options
        # Share of the training after which the second lesson begins.
        self.lesson = LESSON_OF_THE_MEAN if options.objective == "score" else 1.0
        count, width = options.weeks_seen, options.width
        self.encoder = Encoder(count, count, width)
        self.decoder = Decoder(options)
        if options.objective == "elbo":
            self.teacher = Encoder(count + 1, count, width)
            self.prior = nn.Conv3d(4 * width, 2 * options.z_dim, 1)
            self.posterior = nn.Conv3d(8 * width, 2 * options.z_dim, 1)
            nn.init.constant_(self.posterior.bias[options.z_dim :], _POSTERIOR_LOG_VARIANCE)
        self.place = Place() if options.place else None
        if options.objective == "elbo" and options.place:
            self.placed_at = nn.Linear(8 * width, 6)
            nn.init.constant_(self.placed_at.bias[3:], _POSTERIOR_LOG_VARIANCE)
        self.to(memory_format=torch.channels_last_3d)

    def see(self, weeks: Any, gaps: Any) -> Seen:
        """Take in blocks (n, seen, z, y, x), 0 to 1, and the weeks from each to the next (n, seen)."""
        return self._seen(self._encode(weeks, gaps))

    def _encode(self, weeks: Any, gaps: Any) -> tuple[Any, Any, Any]:
        maps: tuple[Any, Any, Any] = self.encoder(_centred(weeks), _times(gaps))
        return maps

    def _seen(self, maps: tuple[Any, Any, Any]) -> Seen:
        rungs = (self.decoder.fine, self.decoder.middle, self.decoder.coarse)
        fine, middle, coarse = (rung.still(level) for rung, level in zip(rungs, maps, strict=True))
        prior = _gaussian(self.prior(maps[-1])) if self.options.objective == "elbo" else None
        return Seen(fine, middle, coarse, prior)

    def future(self, seen: Seen, noise: Noise) -> Any:
        """The maps of the next week, (n, channels, z, y, x), before the sigmoid."""
        if seen.prior is not None:
            noise = noise._replace(coarse=seen.prior.draw(noise.coarse))
        return self.decoder(seen, noise)

    def placed(self, drawn: Any, noise: Noise) -> Any:
        """A week (n, z, y, x) laid where a scan of it would have come to lie."""
        return drawn if self.place is None or noise.place is None else self.place(drawn, noise.place)

    def noise(self, shape: Sequence[int], generator: Any, device: str = "cpu") -> Noise:
        """What one future of `shape` (n, z, y, x) is drawn from."""
        return draw_noise(self.options, shape, generator, device)

    def terms(self, weeks: Any, gaps: Any, training: TrainingOptions, share: float) -> Terms:
        """The loss of a batch (n, seen + 1, z, y, x): of the mean first, then of what is drawn."""
        if share >= self.lesson:
            self._keep_statistics()
        last, truth = weeks[:, -2], weeks[:, -1]
        if self.options.objective == "elbo":
            return self._elbo(weeks, gaps, training, share)
        seen = self.see(weeks[:, :-1], gaps)
        if share < self.lesson:
            drawn = compose(self.decoder(seen, Noise()), last)
            error = ((drawn - truth) ** 2).mean()
            return Terms(error, error, error.new_zeros(()))
        pair = [one_future(self, seen, self._noise_like(truth), last) for _ in range(2)]
        score = futures_score(pair[0], pair[1], truth)
        error = ((0.5 * (pair[0] + pair[1]) - truth) ** 2).mean()
        return Terms(score, error, error.new_zeros(()))

    def _keep_statistics(self) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm3d):
                layer.eval()

    def _noise_like(self, truth: Any) -> Noise:
        return draw_noise(self.options, truth.shape, None, truth.device)

    def _elbo(self, weeks: Any, gaps: Any, training: TrainingOptions, share: float) -> Terms:
        maps = self._encode(weeks[:, :-1], gaps)
        seen = self._seen(maps)
        known = torch.cat([maps[-1], self.teacher(_centred(weeks), _times(gaps))[-1]], 1)
        posterior = _gaussian(self.posterior(known))
        z = posterior.draw(torch.randn_like(posterior.mean))
        drawn = compose(self.decoder(seen, Noise(coarse=z)), weeks[:, -2])
        kl = field_kl(posterior, seen.prior)
        if self.place is not None:
            drawn, more = self._taught_place(self.place, drawn, known)
            kl = kl + more
        error = ((drawn - weeks[:, -1]) ** 2).mean()
        return Terms(error + training.kl_weight_at(share) * kl, error, kl)

    def _taught_place(self, place: Place, drawn: Any, maps: Any) -> tuple[Any, Any]:
        """The week laid where the true one is seen to lie, and the divergence of that from chance."""
        where = _gaussian(self.placed_at(maps.mean(dim=(2, 3, 4))))
        prior = Gaussian(torch.zeros_like(where.mean), 2 * place.log_deviation.expand_as(where.mean))
        return shifted(drawn, where.draw(torch.randn_like(where.mean))), field_kl(where, prior)


def _centred(weeks: Any) -> Any:
    """Greys around 0, laid out as the convolutions like them."""
    return (2 * weeks - 0.5).contiguous(memory_format=torch.channels_last_3d)


def _times(gaps: Any) -> Any:
    """The gaps as the network is told them: 0 for the usual week."""
    return gaps - 1


def _up(x: Any, shape: Sequence[int]) -> Any:
    return nn.functional.interpolate(x, size=tuple(shape), mode="trilinear", align_corners=False)


def _gaussian(maps: Any) -> Gaussian:
    mean, log_variance = maps.float().chunk(2, 1)
    return Gaussian(mean, log_variance.clamp(-10, 6))
