"""Indicators (发展指标): quantities that the government steers by."""
