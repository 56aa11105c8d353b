"""What is likely to be wrong with the catalogue on a day, and the gate that lets no new error in."""
