"""Who gets what, why, and what to ask next: pure functions of rules, facts and a day."""
