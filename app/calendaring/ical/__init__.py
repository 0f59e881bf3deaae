"""iCalendar in and out (RFC 5545): from bytes to plain data and back, without loss; no database, no HTTP."""
