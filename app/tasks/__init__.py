"""Celery tasks: ids in, a service call, one transaction. They may run twice without harm."""
