"""The catalogue as tables: Excel and CSV out and in again, and the other formats that lists are given in."""
