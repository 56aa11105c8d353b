"""Discrepancies (矛盾): statements in plans that cannot both be true; shown, never resolved."""
