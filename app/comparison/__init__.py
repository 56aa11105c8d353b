"""Comparison: services, standards and rules of one concept in several regions, side by side."""
