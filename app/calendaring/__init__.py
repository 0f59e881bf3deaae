"""Pure calendar arithmetic: zones, recurrence rules and their instances; no database, no HTTP."""
