"""Planner: a company's calendar, rooms and people behind one API."""

__version__ = "0.1.0"
