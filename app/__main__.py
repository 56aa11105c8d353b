"""`python -m app` is the `catalogue` command."""

from app.cli import main

main()
