"""Bundles: all that a device needs to decide for the people of a region by itself, without asking anybody."""
