"""What `catalogue check` finds in a folder of seed files."""
