"""How fast the catalogue is, beside programs of the same kind in the same run. Not part of what is shipped."""
