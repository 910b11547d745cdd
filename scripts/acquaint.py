"""Show a lesion classifier scans of the kind that it is to know: python scripts/acquaint.py DATA CHECKPOINT.

DATA is a folder of labelled scans as `napari-bonemet cohort` writes it; the scans of four fifths of its animals
are shown, the other fifth sets the limit. The checkpoint is written again, its network as it was.
"""

import sys
from pathlib import Path

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.strangeness.learned import acquainted
from napari_bonemet.diagnose.training_data import labelled_scans

if __name__ == "__main__":
    data, checkpoint = (Path(word) for word in sys.argv[1:])
    scans, _, animals = labelled_scans([data])
    held = set(sorted(set(animals))[::5])
    shown = [scan for scan, animal in zip(scans, animals, strict=True) if animal not in held]
    others = [scan for scan, animal in zip(scans, animals, strict=True) if animal in held]
    acquainted(LesionClassifier.load(checkpoint), shown, others).save(checkpoint)
