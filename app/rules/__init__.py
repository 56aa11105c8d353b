"""Rules (资格规则): who is entitled to a service, clause by clause with the plan's words."""
