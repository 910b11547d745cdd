"""napari on a software renderer and torchvision in one process: it used to die of two LLVMs."""

import subprocess
import sys


def test_the_process_survives() -> None:
    code = (
        "import napari, numpy as np\n"
        "viewer = napari.Viewer(show=True)\n"
        "viewer.add_image(np.eye(20)); viewer.screenshot()\n"
        "from napari_bonemet.torch_import import import_torch\n"
        "import_torch()\n"
        "import torchvision\n"
        "viewer.close(); print('survived')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert "survived" in run.stdout, f"exit status {run.returncode}: {run.stderr[-1000:]}"
