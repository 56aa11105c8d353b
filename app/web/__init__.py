"""What is not a resource: the front page, the catalogue's card for programs, and health."""
