"""Differences (差异): what distinguishes two states of the catalogue, or two plans, in words that mean something."""
