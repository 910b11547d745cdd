"""The layers of T-VAE; imports torch, so import it late.

Equation numbers are those of Xiong et al., section 4.2. Encoder and decoder follow DCGAN; the three recurrent
parts follow stochastic video generation with a learned prior (Denton and Fergus 2018), as the paper does. Other
encoders and decoders take their place in :mod:`napari_bonemet.forecast.models.tvae_3d_network`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from napari_bonemet.forecast.compose import compose, resized
from napari_bonemet.forecast.learner import Terms
from napari_bonemet.forecast.models.dcgan_network import Decoder, Encoder
from napari_bonemet.forecast.models.losses import Gaussian, kl_divergence, weeks_loss
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

# The posterior starts out narrow: a wide one drowns what z tells, the decoder learns to do without it, and the
# samples are then all alike.
_POSTERIOR_LOG_VARIANCE = -3.0


class Seen(NamedTuple):
    """What the weeks seen leave behind, all that a sample needs; slices, or blocks of them, first."""

    prior: Gaussian  # (slices, z)
    last: Any  # (slices, g_dim)
    state: tuple[Any, Any]  # (layers, slices, hidden) each
    skips: tuple[Any, ...]  # (slices, channels, y, x), fine to coarse


class GaussianLstm(Module):
    """Vectors of the weeks so far to a Gaussian of z: the prior (equation 2), and the posterior (5)."""

    def __init__(self, options: TvaeOptions, log_variance: float) -> None:
        super().__init__()
        self.embed = nn.Linear(options.g_dim + options.time, options.hidden)
        self.lstm = nn.LSTM(options.hidden, options.hidden, batch_first=True)
        self.mean = nn.Linear(options.hidden, options.z_dim)
        self.log_variance = nn.Linear(options.hidden, options.z_dim)
        nn.init.constant_(self.log_variance.bias, log_variance)

    def forward(self, h: Any) -> Gaussian:
        """Vectors (n, weeks, g_dim), and the gap where the options say so, to a Gaussian for each week."""
        y = self.lstm(self.embed(h))[0]
        return Gaussian(self.mean(y).float(), self.log_variance(y).float().clamp(-10, 6))


class Predictor(Module):
    """The last week's vector and z to the next week's vector (equation 3)."""

    def __init__(self, options: TvaeOptions) -> None:
        super().__init__()
        self.embed = nn.Linear(options.g_dim + options.time + options.z_dim, options.hidden)
        self.lstm = nn.LSTM(options.hidden, options.hidden, num_layers=2, batch_first=True)
        self.head = nn.Sequential(nn.Linear(options.hidden, options.g_dim), nn.Tanh())

    def forward(self, h: Any, z: Any, state: tuple[Any, Any] | None = None) -> tuple[Any, tuple[Any, Any]]:
        """Vectors and z of some weeks to the vectors of the weeks after them, and the memory."""
        y, state = self.lstm(self.embed(torch.cat([h, z], -1)), state)
        return self.head(y), state


class Tvae(Module):
    """Prior estimator, latent inference model, future predictor.

    Another encoder and decoder are a class of their own that says so by `ends`, and what they take by `taken`
    and `given`.
    """

    memory_format: ClassVar[Any] = torch.channels_last

    def __init__(self, options: TvaeOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder, self.decoder = self.ends(options)
        self.prior = GaussianLstm(options, 0.0)
        self.posterior = GaussianLstm(options, _POSTERIOR_LOG_VARIANCE)
        self.predictor = Predictor(options)
        self.to(memory_format=self.memory_format)

    def ends(self, options: TvaeOptions) -> tuple[Any, Any]:
        """The encoder and the decoder."""
        return Encoder(options), Decoder(options)

    def taken(self, weeks: Any) -> Any:
        """Squares (n, T, z, y, x) as the encoder takes them: of the network's size, a slice by itself."""
        return resized(weeks, self.options.size)[:, :, 0]

    def given(self, maps: Any) -> Any:
        """What the decoder drew as maps (n, channels, z, y, x)."""
        return maps[:, :, None]

    def encode(self, weeks: Any) -> tuple[Any, tuple[Any, ...]]:
        """Weeks (n, T, ..., size, size) to vectors (n, T, g_dim), and the maps on the way, (n, T, ...)."""
        x = weeks[:, :, None]
        if self.options.change:
            change = torch.diff(x, dim=1, prepend=x[:, :1])
            x = torch.cat([x, change], 2)
        h, maps = self.encoder(x.flatten(0, 1))
        n, count = weeks.shape[:2]
        return h.view(n, count, -1), tuple(m.view(n, count, *m.shape[1:]) for m in maps)

    def with_gaps(self, h: Any, gaps: Any) -> Any:
        """Vectors (n, T, g_dim) with the weeks to the next scan (n, T) beside them, where the options say so."""
        return torch.cat([h, gaps[..., None].to(h.dtype)], -1) if self.options.time else h

    def forward(self, weeks: Any, gaps: Any) -> tuple[Any, Gaussian, Gaussian]:
        """Train: weeks (n, T, ..., size, size) to the maps of weeks 2 to T, (n, T - 1, channels, ..., size, size).

        Each week is drawn from those before it and a z of the posterior, which has seen it. `gaps` (n, T - 1) are
        the weeks between the scans.
        """
        n, count = weeks.shape[:2]
        h, maps = self.encode(weeks)
        ahead = self.with_gaps(h[:, :-1], gaps)
        posterior = self.posterior_of(h, gaps)
        prior = self.prior(ahead)
        z = posterior.draw(torch.randn_like(posterior.mean))
        g, _ = self.predictor(ahead, z)
        # The skips of week t - 1, the last one seen, to draw week t.
        skips = tuple(m[:, :-1].flatten(0, 1) for m in maps)
        drawn = self.decoder(g.flatten(0, 1), z.flatten(0, 1).to(g.dtype), skips)
        return drawn.view(n, count - 1, *drawn.shape[1:]), prior, posterior

    def posterior_of(self, h: Any, gaps: Any) -> Gaussian:
        """The posterior of weeks 2 to T from the vectors of weeks 1 to T; each is told the gap before it."""
        before = nn.functional.pad(gaps, (1, 0))
        return Gaussian(*(part[:, 1:] for part in self.posterior(self.with_gaps(h, before))))

    def look(self, weeks: Any, gaps: Any) -> Seen:
        """Take in the weeks seen (n, T - 1, ..., size, size); equation 1's prior of the next one is in the answer."""
        h, maps = self.encode(weeks)
        ahead = self.with_gaps(h, gaps)
        prior = Gaussian(*(part[:, -1] for part in self.prior(ahead)))
        state = self._state_after(h, ahead, gaps)
        skips = tuple(m[:, -1] for m in maps)
        return Seen(prior, ahead[:, -1], state, skips)

    def _state_after(self, h: Any, ahead: Any, gaps: Any) -> tuple[Any, Any]:
        """The predictor's memory of the weeks seen, whose z the posterior knows."""
        layers, hidden = self.predictor.lstm.num_layers, self.predictor.lstm.hidden_size
        if h.shape[1] < 2:
            empty = h.new_zeros(layers, len(h), hidden)
            return empty, empty
        known = self.posterior_of(h, gaps[:, :-1]).mean
        _, (memory, cell) = self.predictor(ahead[:, :-1], known.to(h.dtype))
        return memory, cell

    def draw(self, seen: Seen, noise: Any) -> Any:
        """The maps of the next week, (n, channels, ..., size, size), for `noise` (n, z) of a standard normal (11)."""
        z = seen.prior.draw(noise).to(seen.last.dtype)
        g, _ = self.predictor(seen.last[:, None], z[:, None], seen.state)
        return self.decoder(g[:, 0], z, seen.skips)

    def see(self, weeks: Any, gaps: Any) -> Seen:
        """Take in squares (n, seen, z, y, x), 0 to 1, and the weeks from each to the next (n, seen)."""
        return self.look(self.taken(weeks), gaps)

    def future(self, seen: Seen, noise: Any) -> Any:
        """The maps of the next week, (n, channels, z, size, size), before the sigmoid."""
        return self.given(self.draw(seen, noise))

    def noise(self, shape: Sequence[int], generator: Any, device: Any = "cpu") -> Any:
        """What one future of `shape` (n, z, y, x) is drawn from: a standard normal (n, z_dim)."""
        return torch.randn((shape[0], self.options.z_dim), generator=generator, device=device)

    def terms(self, weeks: Any, gaps: Any, training: TrainingOptions, share: float) -> Terms:
        """The loss of a batch (n, T, z, y, x): equations 7 and 9, every week after the first one drawn."""
        maps, prior, posterior = self(self.taken(weeks), gaps)
        drawn = compose(self.given(maps.flatten(0, 1)), weeks[:, :-1].flatten(0, 1)).view_as(weeks[:, 1:])
        reconstruction = weeks_loss(drawn, weeks, training)
        kl = kl_divergence(posterior, prior)
        # A nat costs the same beside the error of as many voxels: a block has more of them than a slice.
        weight = training.kl_weight_at(share) / self.options.depth
        return Terms(reconstruction + weight * kl, reconstruction, kl)
