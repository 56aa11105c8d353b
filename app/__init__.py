"""The public-service catalogue: local governments' plans as versioned, cited, computable resources."""

__version__ = "0.1.0"
