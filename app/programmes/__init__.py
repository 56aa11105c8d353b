"""Programmes (专栏、工程): named projects of a plan."""
