"""Evidence packages (`specs/package.md`): written here, checked by `jianlu.verify`, which shares no code with the writer but `core`."""
