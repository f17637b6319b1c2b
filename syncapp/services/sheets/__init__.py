"""Employees from a sheet: planned, shown, and carried out as they were shown."""
