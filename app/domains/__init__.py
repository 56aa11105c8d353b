"""Domains (服务领域): a plan's own grouping of its services."""
