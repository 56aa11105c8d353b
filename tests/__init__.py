"""Outside-in tests: schema from the migrations, SQLite and PostgreSQL alike, no mocks of our own code."""
