"""Mementos (历史状态, RFC 7089): what a resource's URL answered at a time."""
