"""Plans (规划): the government documents that values come from."""
