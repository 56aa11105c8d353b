"""Changes (变更): what each release changed, in one order, for whoever keeps a copy."""
