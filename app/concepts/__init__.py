"""Concepts (服务概念): the same benefit across regions and plans, with its other names."""
