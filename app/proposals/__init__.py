"""Proposals: drafted by one, approved by another, then published."""
