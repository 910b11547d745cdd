"""``python -m napari_bonemet`` is ``napari-bonemet``."""

import sys

from napari_bonemet.cli import main

if __name__ == "__main__":
    sys.exit(main())
