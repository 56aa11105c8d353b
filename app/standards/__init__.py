"""Standards (服务标准): quantities that a person can expect."""
