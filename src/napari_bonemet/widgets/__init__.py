"""The glass front: the only floor that imports napari, Qt and magicgui."""
