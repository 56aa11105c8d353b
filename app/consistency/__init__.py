"""Recomputes what plans print, to find the statements that cannot all be true. Pure functions over documents."""
