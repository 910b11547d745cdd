"""An ST-VAE that no longer is as it was made."""

from napari_bonemet.forecast.models.catalogue import build
from napari_bonemet.forecast.models.stvae import StvaeOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()


def network_of(options: StvaeOptions):
    """A network in which every layer says something."""
    torch.manual_seed(1)
    made = build("stvae", options)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
        made.train()
        for _ in range(3):
            seen = made.see(torch.rand(2, 3, 8, 32, 32), torch.ones(2, 3))
            made.future(seen, made.noise((2, 8, 32, 32), None))
    return made.eval()
