"""Webhooks: whoever wants to be told of a release is told."""
