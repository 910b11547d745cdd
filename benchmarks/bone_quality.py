"""The ablation of Peng et al. on synthetic vertebrae: python benchmarks/bone_quality.py --out build/bone-quality.

Trains the rows of their tables 1 to 4, each from nothing on the same slices, and measures them on other patients.
Started again, it does what is left. The ends of the ablation (single-task and the final model) have five seeds, the
rest one. The tables are written to OUT/table.csv and, with --page, as a page of the documentation. With --ship the
final model of seed 0 is written as a checkpoint, with its figures in the header.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.bone_quality import Involvement, Quality
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.pages import Row, write_page
from napari_bonemet.diagnose.quality.scores import balanced_sensitivity, class_scores, confusion
from napari_bonemet.diagnose.quality.slices import LabelledSlices, balanced, require_apart
from napari_bonemet.diagnose.quality.synthetic import mislabelled, slices_of_patients
from napari_bonemet.diagnose.quality.training import opinion_of, train_quality
from napari_bonemet.diagnose.quality.voting import choose_threshold, vote_all
from napari_bonemet.io.atomic import write_json, write_table
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, patients
from napari_bonemet.torch_import import import_torch
