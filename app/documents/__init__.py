"""Documents: resources as they are written and published."""
