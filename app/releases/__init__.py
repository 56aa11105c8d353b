"""Releases (发布): what was published, when, by whom, and what each release changed."""
