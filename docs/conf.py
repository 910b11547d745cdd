"""How the documentation is built: `make docs`, warnings as errors."""

import sys
from pathlib import Path

from napari_bonemet import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "napari-bonemet"
author = "the napari-bonemet developers"
project_copyright = f"2026, {author}"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "command_pages",
]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# A docstring says "Bone"; which room's is plain from the page, though not to Sphinx.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = f"napari-bonemet {version.split('+')[0]}"
copybutton_prompt_text = r"\$ "
